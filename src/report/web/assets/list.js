// Everything of one type: filtered, sorted, as much of it as can be seen.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;
  const PAGE = 100;
  /** Fields worth a column, where the first rows have them. */
  const TELLING = ["type", "application", "description", "resource", "permission", "state", "updated_at"];
  const TELLING_OF_ACCOUNTS = ["role_name", "all_folders", "ip_allow_list", "token_updated_at"];
  /** As many rows at most are fetched to be printed. */
  const PRINTED = 2_000;
  const AT_ONCE = 500;

  const known = (value) => value !== undefined && value !== null && value !== "";

  const GRAVEST = ["high", "medium", "low", "info"];

  /** What findings say of a thing: the gravest severity and the titles; nothing where no finding names it. */
  const judged = (view) => {
    const found = new Map();
    for (const finding of view.findings ?? [])
      for (const { thing } of finding.items ?? []) {
        const key = `${thing.type}:${thing.id}`;
        const known = found.get(key) ?? { severity: finding.severity, titles: [] };
        if (GRAVEST.indexOf(finding.severity) < GRAVEST.indexOf(known.severity)) known.severity = finding.severity;
        known.titles.push(finding.title);
        found.set(key, known);
      }
    return found;
  };

  /** Whether every finding lists all that it found: then what is not in it was not found. */
  const isWhole = (view) => (view.findings ?? []).every(({ items, total }) => (total ?? 0) <= (items?.length ?? 0));

  const risk = (view) => {
    if (!view.findings) return null;
    const found = judged(view);
    const silent = new Set((view.findings ?? []).flatMap(({ unknown }) => (unknown ?? []).filter(({ thing }) => thing).map(({ thing }) => `${thing.type}:${thing.id}`)));
    const none = isWhole(view) ? "–" : h("span", { class: "muted" }, "not among those listed");
    const cell = (row) => {
      const known = found.get(`${row.type}:${row.id}`);
      if (!known && silent.has(`${row.type}:${row.id}`)) return h("span", { class: "muted" }, "not all is known");
      if (!known) return none.cloneNode ? none.cloneNode(true) : none;
      return [h("span", { class: `severity ${known.severity}` }, known.severity), " ", h("span", { class: "muted small" }, bw.stranger([...new Set(known.titles)].join(", "), 200))];
    };
    return { key: "risk", label: "Findings", wide: true, cell };
  };

  const columnsFor = (rows, end, view) => {
    const name = { key: "name", label: "Name", sort: "name", cell: (row) => bw.link(row, 120, false) };
    const place = rows.some((row) => known(row.environment)) ? { key: "environment", label: "Environment", cell: (row) => row.environment ?? "–" } : null;
    const grants = { key: "grants", label: "Holds", sort: "grants", num: true, cell: (row) => bw.number(row.grants) };
    const has = (key) => rows.some((row) => known(row[key]));
    const field = (key) => ({ key, label: bw.label(key), wide: key === "description", cell: (row) => (known(row.profile?.[key]) ? bw.value(row.profile[key]) : "–") });
    const telling = (keys, most) => keys.filter((key) => rows.some((row) => known(row.profile?.[key]))).slice(0, most).map(field);
    if (rows.some((row) => row.email !== undefined || row.accountType)) {
      const seen = (row) =>
        row.lastLogin ? [bw.day(row.lastLogin), h("span", { class: "muted small" }, ` ${bw.before(row.lastLogin, end)}`)] : h("span", { class: "muted" }, "not known");
      return [
        name,
        place,
        has("email") ? { key: "email", label: "E-mail", sort: "email", cell: (row) => (row.email ? bw.address(row.email, 80) : "–") } : null,
        { key: "accountType", label: "Kind", sort: "accountType", cell: (row) => row.accountType || "–" },
        { key: "status", label: "Status", sort: "status", cell: (row) => row.status || "–" },
        has("lastLogin") ? { key: "lastLogin", label: "Last activity", sort: "lastLogin", cell: seen } : null,
        ...telling(TELLING_OF_ACCOUNTS, 4),
        risk(view),
        grants,
      ].filter(Boolean);
    }
    return [
      name,
      place,
      has("parent") ? { key: "parent", label: "In", cell: (row) => (row.parent ? bw.link(row.parent, 80, false) : "–") } : null,
      ...telling(TELLING, 2),
      rows.some((row) => row.grants) ? grants : null,
    ].filter(Boolean);
  };

  bw.listPage = async ({ source, signal, overview, remember }, [type], query) => {
    const view = await overview();
    const about = view.types?.find((one) => one.id === type);
    // Who reaches most comes first: by how many entitlements they hold, given or through groups and roles.
    const usual = about?.isAccounts ? "-grants" : "name";
    const state = { q: query.get("q") ?? "", sort: query.get("sort") || usual, first: Number(query.get("from")) || 0 };
    const body = h("div", { class: "answer", "data-unfolds": true });
    const counts = h("span", { class: "counts", role: "status" });
    const name = about ? bw.noun(2, about.name) : type;
    let columns = null;
    let turn = 0;
    let shown = null;
    let whole = null;

    const go = (change, isStep) => {
      Object.assign(state, change);
      remember({ q: state.q.trim() || null, sort: state.sort === usual ? null : state.sort, from: null }, isStep);
      // Another order begins at its first row.
      return load().then(() => scrollTo(0, 0));
    };

    const table = (rows) => bw.table({ label: about?.name ?? type, columns, rows, sorted: state.sort, onsort });
    const onsort = (sort) => go({ sort, first: 0 }, true);
    const filtered = () => ['the filter "', bw.stranger(state.q.trim(), 60), '"'];
    const onPaper = () => (state.q.trim() ? h("p", { class: "paper" }, "Only what fits ", filtered(), ".") : null);

    const paint = (page) => {
      shown = page;
      counts.textContent = bw.number(page.total);
      columns ??= page.items.length ? columnsFor(page.items, view.sync?.endedAt, view) : null;
      if (page.total === 0) {
        const one = about ? bw.lower(1, about.name) : "thing";
        body.replaceChildren(state.q.trim() ? bw.nothing(`No ${one} fits `, filtered(), ".") : bw.nothing(`This sync has no ${bw.lower(2, name)}.`));
        return;
      }
      const own = turn;
      const fetch = async (offset, limit) => (await source.list({ type, q: state.q, sort: state.sort, offset, limit }, signal)).items;
      const onfirst = (first) => own === turn && remember({ from: first || null });
      const list = bw.virtual({ label: about?.name ?? type, columns, total: page.total, first: page.items, sorted: state.sort, onsort, fetch, onfirst, signal });
      body.replaceChildren(...[onPaper(), list.node].filter(Boolean));
      list.start(state.first);
      state.first = 0;
    };

    // Paper has no next page: all rows are at hand before somebody prints.
    const fetchWhole = async (own) => {
      const { total } = shown;
      if (total === 0 || total > PRINTED) return;
      let rows = shown.items;
      while (rows.length < total) {
        const page = await source.list({ type, q: state.q, sort: state.sort, offset: rows.length, limit: AT_ONCE }, signal);
        if (own !== turn || page.items.length === 0) return;
        rows = rows.concat(page.items);
      }
      whole = rows;
    };
    let standing = null;
    body.addEventListener("unfold", () => {
      if (!whole || standing) return;
      standing = [...body.childNodes];
      body.replaceChildren(...[onPaper(), table(whole)].filter(Boolean));
    });
    body.addEventListener("refold", () => {
      if (standing) body.replaceChildren(...standing);
      standing = null;
    });

    const load = async () => {
      const own = ++turn;
      whole = null;
      body.setAttribute("aria-busy", "true");
      try {
        const page = await source.list({ type, q: state.q, sort: state.sort, offset: 0, limit: PAGE }, signal);
        if (own !== turn) return;
        paint(page);
        // Without them paper says which rows these are.
        fetchWhole(own).catch(() => {});
      } catch (error) {
        if (error.name !== "AbortError" && own === turn) body.replaceChildren(bw.failure(error, load));
      } finally {
        if (own === turn) body.removeAttribute("aria-busy");
      }
    };

    const filter = h("input", {
      type: "search", value: state.q, placeholder: "Filter", "aria-label": `Filter ${about?.name ?? type}`, autocomplete: "off", spellcheck: "false", maxlength: "200",
      oninput: bw.calmly(140, () => go({ q: filter.value, first: 0 })),
    });
    await load();
    const node = h(
      "div",
      { class: "page" },
      h("div", { class: "title" }, h("h1", null, bw.stranger(name, 80), counts)),
      h("div", { class: "tools" }, filter),
      about?.isAccounts ? h("p", { class: "muted small" }, "Who reaches most comes first: by how many entitlements somebody holds, given or through groups and roles. Another column sorts by something else.") : null,
      body,
    );
    return { title: name, node };
  };
})();
