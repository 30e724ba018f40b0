// What is different on paper: lists are unfolded and whole, and every page says what it is of.
(() => {
  "use strict";
  const bw = window.bw;

  /** What the page is of, in pieces: file, when it was synced, environments, whose people. */
  bw.source = ({ file, sync, environments, peopleDomain }) =>
    [
      bw.stranger(String(file ?? "").split(/[\\/]/).pop(), 120),
      sync?.endedAt ? [", synced ", bw.minute(sync.endedAt)] : sync ? ", sync not finished" : null,
      sync?.type && sync.type !== "full" ? `, ${sync.type} sync` : null,
      environments?.length ? [environments.length === 1 ? ", environment " : ", environments ", bw.stranger(environments.join(", "), 120)] : null,
      peopleDomain ? [", people of ", bw.stranger(peopleDomain, 120)] : null,
    ]
      .flat(Infinity)
      .filter(Boolean);

  const quoted = (text) => `"${text.replace(/["\\\n]/g, (mark) => `\\${mark.codePointAt(0).toString(16)} `)}"`;

  /** Puts a text and the number of the page at the foot of every page of paper. */
  bw.onEveryPage = (text) => {
    const look = "font: 8pt system-ui, sans-serif; color: #586070;";
    const rule = `@page { @bottom-left { content: ${quoted(bw.short(text, 110))}; white-space: nowrap; ${look} } @bottom-right { content: counter(page) " of " counter(pages); ${look} } }`;
    try {
      document.styleSheets[0].insertRule(rule);
    } catch {
      // A browser without such margins has the line at the head of the first page.
    }
  };

  const each = (name) => {
    for (const element of document.querySelectorAll("main [data-unfolds]")) element.dispatchEvent(new Event(name));
  };
  // Folds inside of folds appear when the outer ones open.
  addEventListener("beforeprint", () => {
    each("unfold");
    each("unfold");
  });
  addEventListener("afterprint", () => each("refold"));
})();
