// Addresses, pages, and what stands around them.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;
  const main = document.getElementById("main");
  const source = bw.EmbeddedSource?.here() ?? new bw.ServerSource();
  // Addresses are typed by anybody: "constructor" is the name of no page.
  const pages = new Map([["", bw.overviewPage], ["list", bw.listPage], ["thing", bw.thingPage], ["finding", bw.findingPage], ["changes", bw.changesPage]]);

  let overview = null;
  const readOverview = () => {
    overview ??= source.overview().catch((error) => {
      overview = null;
      throw error;
    });
    return overview;
  };

  const decode = (part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };

  const address = () => {
    const text = location.hash.replace(/^#\/?/, "");
    const at = text.indexOf("?");
    const path = at < 0 ? text : text.slice(0, at);
    const [page, ...rest] = path.split("/").map(decode);
    return { page, rest, query: new URLSearchParams(at < 0 ? "" : text.slice(at + 1)) };
  };

  // Back and forward return to where one was reading.
  history.scrollRestoration = "manual";
  const places = new Map();
  let visits = 0;
  const newVisit = () => `${Date.now()}-${++visits}`;
  let here = null;

  let stop = null;
  let isFirst = true;

  /** Writes what was chosen into the address; null takes a choice out. A step is one that "back" takes back. */
  const remember = (choices, isStep) => {
    const [path, text = ""] = (location.hash || "#/").split("?");
    const query = new URLSearchParams(text);
    for (const [key, value] of Object.entries(choices)) {
      if (value === null) query.delete(key);
      else query.set(key, String(value));
    }
    const hash = query.size ? `${path}?${query}` : path;
    if (hash === location.hash) return;
    if (isStep) {
      places.set(here, scrollY);
      here = newVisit();
      history.pushState({ visit: here }, "", hash);
    } else history.replaceState({ visit: here }, "", hash);
  };

  const mark = (page, type) => {
    for (const link of document.querySelectorAll("#types a")) {
      const isHere = link.dataset.type === undefined ? page === link.dataset.page : link.dataset.type === type;
      if (isHere) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };

  const show = async () => {
    if (here !== null) places.set(here, scrollY);
    stop?.abort();
    stop = new AbortController();
    const { signal } = stop;
    const { page, rest, query } = address();
    const visit = history.state?.visit;
    here = visit ?? newVisit();
    if (visit === undefined) history.replaceState({ visit: here }, "");
    main.setAttribute("aria-busy", "true");
    let shown;
    try {
      const make = pages.get(page);
      // A page that was left has no say in the address any more.
      const own = (choices, isStep) => signal.aborted || remember(choices, isStep);
      const context = { source, signal, overview: readOverview, remember: own };
      shown = make
        ? await make(context, rest, query)
        : { title: "Not found", node: bw.nothing("There is no such page. ", h("a", { href: "#/" }, "Overview"), ".") };
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return;
      shown = { title: "Not read", node: bw.failure(error, show) };
    }
    if (signal.aborted) return;
    main.replaceChildren(shown.node);
    main.removeAttribute("aria-busy");
    document.title = `${bw.seen(shown.title).slice(0, 120)} · baton-workato`;
    mark(page, page === "list" || page === "thing" ? rest[0] : undefined);
    scrollTo(0, places.get(here) ?? 0);
    if (!isFirst && !document.activeElement?.closest("#search")) main.focus({ preventScroll: true });
    isFirst = false;
  };

  const around = async () => {
    const view = await readOverview().catch(() => null);
    if (!view) return;
    const types = (view.types ?? []).filter((type) => type.resources > 0);
    document.getElementById("types").replaceChildren(
      h("a", { href: "#/", "data-page": "" }, "Overview"),
      h("a", { href: "#/changes", "data-page": "changes" }, "What changed"),
      ...types.map((type) =>
        h("a", { href: `#/list/${encodeURIComponent(type.id)}`, "data-type": type.id }, bw.stranger(bw.noun(2, type.name), 40), h("span", { class: "counts" }, bw.number(type.resources))),
      ),
    );
    const source = bw.source(view);
    bw.onEveryPage(source.map((part) => part.textContent ?? part).join(""));
    document.getElementById("paper").replaceChildren(...source);
    document.getElementById("foot").replaceChildren(
      h("span", null, bw.stranger(view.file, 200)),
      view.sync ? h("span", null, `${view.sync.type} sync `, h("code", null, bw.stranger(view.sync.id, 60))) : "",
      h("span", null, "read-only; nothing leaves this computer"),
    );
    const { page, rest } = address();
    mark(page, page === "list" || page === "thing" ? rest[0] : undefined);
  };

  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  window.themeButton(document.getElementById("theme"));
  bw.searchBox(document.getElementById("search"), source);

  addEventListener("hashchange", show);
  around();
  show();
})();
