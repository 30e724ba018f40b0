// Numbers, dates and words, the same everywhere.
(() => {
  "use strict";
  const bw = window.bw;
  const numbers = new Intl.NumberFormat("en");
  const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const minutes = new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "UTC",
  });
  const DAY = 86_400_000;

  bw.number = (value) => (typeof value === "number" ? numbers.format(value) : String(value ?? ""));

  /** Times without a zone are wall clock somewhere: they are shown as they are. */
  const ZONE = /(Z|[+-]\d\d:?\d\d)$/i;
  const hasZone = (text) => ZONE.test(text) || !text.includes("T");

  const parse = (text) => {
    const at = typeof text === "string" && text ? Date.parse(hasZone(text) ? text : `${text}Z`) : NaN;
    return Number.isNaN(at) ? null : new Date(at);
  };

  /** `12 Mar 2026`, with the full time behind it; the text itself where it is no date. */
  bw.day = (text) => {
    const at = parse(text);
    return at ? bw.h("time", { datetime: text, title: text }, days.format(at)) : bw.stranger(text);
  };

  bw.minute = (text) => {
    const at = parse(text);
    return at ? bw.h("time", { datetime: text, title: text }, `${minutes.format(at)}${hasZone(text) ? " UTC" : ""}`) : bw.stranger(text);
  };

  /** `8 months before` another date; empty where one of them is unknown. */
  bw.before = (text, end) => {
    const [from, to] = [parse(text), parse(end)];
    if (!from || !to) return "";
    const passed = Math.floor((to - from) / DAY);
    if (passed < 0) return "";
    if (passed === 0) return "today";
    if (passed === 1) return "1 day ago";
    if (passed < 60) return `${passed} days ago`;
    if (passed < 730) return `${Math.floor(passed / 30.44)} months ago`;
    return `${Math.floor(passed / 365.25)} years ago`;
  };

  /** `1 project`, `12 projects`, `30 roles`; `12+ projects`, where more may come. */
  bw.count = (n, noun, isCut) => `${bw.number(n)}${isCut ? "+" : ""} ${bw.noun(n, noun)}`;

  bw.noun = (n, noun) => {
    const many = /s$/i.test(noun) ? noun : /[^aeiou]y$/i.test(noun) ? noun.replace(/y$/i, "ies") : `${noun}s`;
    const one = /[^s]s$/i.test(noun) ? noun.replace(/s$/i, "") : noun;
    return n === 1 ? one : many;
  };

  /** As `noun`, in lower case but for short forms such as API. */
  bw.lower = (n, noun) => bw.noun(n, noun).replace(/\b[A-Z][a-z]/g, (start) => start.toLowerCase());

  /** `lastActivityAt` and `last_activity_at` as a person writes it. */
  bw.label = (key) => {
    const spaced = key.replace(/_/g, " ").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
    return (spaced.charAt(0).toUpperCase() + spaced.slice(1)).replace(/\b(id|ip|api|url|mcp)(s?)\b/gi, (_, word, more) => word.toUpperCase() + more);
  };

  const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

  /** A value of a profile. */
  bw.value = (value) => {
    if (value === true) return "yes";
    if (value === false) return "no";
    if (typeof value === "string" && DATE.test(value)) return bw.day(value);
    if (Array.isArray(value)) return value.length ? bw.stranger(value.join(", ")) : "none";
    return bw.stranger(value);
  };

  /** The name of a right without that of its resource: `Project admin` of `Project admin of Billing`. */
  bw.rightName = ({ name, apart, resource }) => {
    const end = ` of ${resource.name}`;
    const own = name.length > end.length && name.endsWith(end) ? name.slice(0, -end.length) : name;
    return apart ? `${own} (${apart})` : own;
  };

  /** A text of a query in lower case, as all searches compare. */
  bw.lowered = (text) => String(text ?? "").trim().toLowerCase();

  /** Letters that no mark can be taken from. */
  const PLAIN = new Map(
    Object.entries({
      ae: "æ", b: "ɓ", c: "ƈ", d: "đðɖɗ", e: "ǝə", f: "ƒ", g: "ɠ", h: "ħ", i: "ı", ij: "ĳ", k: "ƙ", l: "łƚŀ", n: "ŋɲŉ", o: "ø", oe: "œ", p: "ƥ",
      s: "ſ", ss: "ß", t: "ŧƭʈ", th: "þ", v: "ʋ", y: "ƴ", z: "ƶ", σ: "ς", г: "ґ",
    }).flatMap(([plain, letters]) => [...letters].map((letter) => [letter, plain])),
  );

  /** A text in lower case and without the marks of its letters: "José Müller" is "jose muller". */
  bw.folded = (text) => {
    const lower = bw.lowered(text);
    if (!/[^\u0000-\u007f]/.test(lower)) return lower;
    const bare = lower.normalize("NFD").replace(/[\u0300-\u036f]/g, "").normalize("NFC");
    return [...bare].map((letter) => PLAIN.get(letter) ?? letter).join("");
  };
})();
