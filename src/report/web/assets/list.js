// Everything of one type: filtered, sorted, page by page.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;
  const PAGE = 50;
  /** Fields worth a column, where the first rows have them. */
  const TELLING = ["environment", "type", "application", "description", "resource", "permission", "state", "updated_at"];
  const TELLING_OF_ACCOUNTS = ["environment", "all_folders", "token_updated_at"];

  const known = (value) => value !== undefined && value !== null && value !== "";

  const columnsFor = (rows, end) => {
    const name = { key: "name", label: "Name", sort: "name", cell: (row) => bw.link(row) };
    const grants = { key: "grants", label: "Holds", sort: "grants", num: true, cell: (row) => bw.number(row.grants) };
    const has = (key) => rows.some((row) => known(row[key]));
    const field = (key) => ({ key, label: bw.label(key), wide: key === "description", cell: (row) => (known(row.profile?.[key]) ? bw.value(row.profile[key]) : "–") });
    const telling = (keys, most) => keys.filter((key) => rows.some((row) => known(row.profile?.[key]))).slice(0, most).map(field);
    if (rows.some((row) => row.email !== undefined || row.accountType)) {
      const seen = (row) =>
        row.lastLogin ? [bw.day(row.lastLogin), h("span", { class: "muted small" }, ` ${bw.before(row.lastLogin, end)}`)] : h("span", { class: "muted" }, "not known");
      return [
        name,
        has("email") ? { key: "email", label: "E-mail", sort: "email", cell: (row) => (row.email ? bw.address(row.email, 80) : "–") } : null,
        { key: "accountType", label: "Kind", sort: "accountType", cell: (row) => row.accountType || "–" },
        { key: "status", label: "Status", sort: "status", cell: (row) => row.status || "–" },
        has("lastLogin") ? { key: "lastLogin", label: "Last activity", sort: "lastLogin", cell: seen } : null,
        ...telling(TELLING_OF_ACCOUNTS, 3),
        grants,
      ].filter(Boolean);
    }
    return [
      name,
      has("parent") ? { key: "parent", label: "In", cell: (row) => (row.parent ? bw.link(row.parent, 60) : "–") } : null,
      ...telling(TELLING, 3),
      rows.some((row) => row.grants) ? grants : null,
    ].filter(Boolean);
  };

  bw.listPage = async ({ source, signal, overview, remember }, [type], query) => {
    const view = await overview();
    const about = view.types?.find((one) => one.id === type);
    const state = { q: query.get("q") ?? "", sort: query.get("sort") || "name", offset: Number(query.get("from")) || 0 };
    const body = h("div", { class: "answer" });
    const tally = h("span", { class: "tally", role: "status" });
    let columns = null;
    let turn = 0;

    const go = (change) => {
      Object.assign(state, change);
      const params = new URLSearchParams();
      if (state.q) params.set("q", state.q);
      if (state.sort !== "name") params.set("sort", state.sort);
      if (state.offset) params.set("from", String(state.offset));
      const text = params.toString();
      remember(`#/list/${encodeURIComponent(type)}${text ? `?${text}` : ""}`);
      return load();
    };

    const paint = (page) => {
      tally.textContent = bw.number(page.total);
      columns ??= columnsFor(page.items, view.sync?.endedAt);
      const rows = page.items.length
        ? bw.table({ label: about?.name ?? type, columns, rows: page.items, sorted: state.sort, onsort: (sort) => go({ sort, offset: 0 }) })
        : bw.nothing(state.q ? "Nothing fits this filter." : "There is none in this sync.");
      body.replaceChildren(rows, bw.pager({ total: page.total, offset: state.offset, limit: PAGE, ongo: (offset) => go({ offset }).then(() => scrollTo(0, 0)) }));
    };

    const load = async () => {
      const own = ++turn;
      body.setAttribute("aria-busy", "true");
      try {
        const page = await source.list({ type, q: state.q, sort: state.sort, offset: state.offset, limit: PAGE }, signal);
        if (own === turn) paint(page);
      } catch (error) {
        if (error.name !== "AbortError" && own === turn) body.replaceChildren(bw.failure(error, load));
      } finally {
        if (own === turn) body.removeAttribute("aria-busy");
      }
    };

    const filter = h("input", {
      type: "search", value: state.q, placeholder: "Filter", "aria-label": `Filter ${about?.name ?? type}`, autocomplete: "off", spellcheck: "false", maxlength: "200",
      oninput: bw.calmly(140, () => go({ q: filter.value, offset: 0 })),
    });
    await load();
    const name = about ? bw.noun(2, about.name) : type;
    const node = h(
      "div",
      { class: "page" },
      h("div", { class: "title" }, h("h1", null, bw.stranger(name, 80), tally)),
      h("div", { class: "tools" }, filter),
      body,
    );
    return { title: name, node };
  };
})();
