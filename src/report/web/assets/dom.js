// Elements from data. Texts become text nodes and nothing else, so a name can never become markup.
(() => {
  "use strict";
  const bw = (window.bw ??= {});
  const SVG = "http://www.w3.org/2000/svg";

  const fill = (element, props, children) => {
    for (const [key, value] of Object.entries(props ?? {})) {
      if (value === undefined || value === null || value === false) continue;
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else element.setAttribute(key, value === true ? "" : String(value));
    }
    for (const child of children.flat(Infinity)) {
      if (child === undefined || child === null || child === false) continue;
      element.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return element;
  };

  /** An HTML element: `h("a", { href: "#/" }, "Overview")`. Functions under `on…` become listeners. */
  bw.h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

  /** As `h`, for SVG. */
  bw.s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

  const UNSEEN =
    /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\uffa0\ufeff\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

  /** A text with what cannot be seen made visible, as in sheets and on terminals: what moves, hides or turns text round. */
  bw.seen = (text) => String(text ?? "").replace(UNSEEN, (mark) => `\\u{${mark.codePointAt(0).toString(16)}}`);

  /** A name as far as it is worth reading out. */
  bw.short = (text, most = 60) => {
    const all = bw.seen(text);
    return all.length > most ? `${all.slice(0, most)}…` : all;
  };

  /** A text typed by a stranger, isolated from the direction of what stands around it. */
  bw.stranger = (text, cut = 300) => {
    const all = bw.seen(text);
    if (all.length <= cut) return bw.h("bdi", null, all);
    return bw.h("bdi", { title: all.slice(0, 2000) }, `${all.slice(0, cut)}…`);
  };

  /** As `stranger`, with places to break at where people expect them in addresses. */
  bw.address = (text, cut = 120) => {
    const parts = bw.seen(text).slice(0, cut).split(/(?<=[@.\-_])/);
    return bw.h("bdi", null, parts.map((part, n) => [n ? bw.h("wbr") : null, part]));
  };

  /** Where the page of a resource is. */
  bw.hrefOf = (thing) => `#/thing/${encodeURIComponent(thing.type)}/${encodeURIComponent(thing.id)}`;

  /** What stands behind a name, so that it means one thing: ` (dev)`, ` (dev, in Billing)`, ` <ada@acme.com>`. */
  const addition = ({ name, environment, apart }, isPlace = true) => {
    const inside = [];
    if (isPlace && environment && !name.includes(`(${environment})`)) inside.push(environment);
    if (apart?.in) inside.push(`in ${apart.in}`);
    if (apart?.id) inside.push(`id ${apart.id}`);
    return `${inside.length ? ` (${inside.join(", ")})` : ""}${apart?.email ? ` <${apart.email}>` : ""}`;
  };

  /** A thing by its name and what tells it apart from others of that name, as one text. */
  bw.told = (thing) => thing.name + addition(thing);

  /** What tells a thing apart, to stand behind its name. `isPlace` is false beside a column of environments. */
  bw.aside = (thing, isPlace) => {
    const text = addition(thing, isPlace);
    return text ? bw.h("span", { class: "muted aside" }, bw.stranger(text, 120)) : null;
  };

  /** A link to the page of a resource, with what tells it apart behind it. */
  bw.link = (thing, cut, isPlace) => [bw.h("a", { href: bw.hrefOf(thing) }, bw.stranger(thing.name, cut ?? 120)), bw.aside(thing, isPlace)];

  /** A link inside this page, or none: addresses of any other kind are not followed. */
  bw.isOurs = (link) => typeof link === "string" && link.startsWith("#/");

  /** Calls `then` once nothing was asked for `ms` milliseconds. */
  bw.calmly = (ms, then) => {
    let timer = 0;
    return (...args) => {
      clearTimeout(timer);
      timer = setTimeout(() => then(...args), ms);
    };
  };

  /** What is shown in place of an answer that did not come. */
  bw.failure = (error, again) =>
    bw.h(
      "div",
      { class: "note bad", role: "alert" },
      bw.h("p", null, bw.h("strong", null, "Not shown: "), bw.stranger(error?.message ?? error)),
      error?.hint ? bw.h("p", { class: "muted" }, bw.stranger(error.hint)) : null,
      error?.code ? bw.h("p", { class: "muted" }, `More: baton-workato explain ${error.code}`) : null,
      again ? bw.h("p", null, bw.h("button", { type: "button", onclick: again }, "Try again")) : null,
    );

  /** What is shown where there is nothing to show. */
  bw.nothing = (...text) => bw.h("p", { class: "nothing" }, ...text);
})();
