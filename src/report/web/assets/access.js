// The part of a page that says who reaches what, and how: as ways, or as a table.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;
  const PAGE = 500;
  const AT_ONCE = 1000;
  const ALL = 20_000;
  const LISTED = 12;

  /** Rights are named where there is more than one kind of them. */
  const tellsRight = (rows) => new Set(rows.map((row) => row.right.slug || row.right.name)).size > 1;

  /** One line: a resource with what is held on it, or a principal. `tells` is whether rights are named. */
  const item = (rows, side, tells, nicknames) => {
    const [row] = rows;
    const thing = side === "of" ? bw.targetOf(row) : row.principal;
    const rights = side === "of" && tells ? rows.map((own, n) => [n ? ", " : " · ", bw.stranger(bw.rightName(own.right), 60)]) : null;
    return h("li", null, bw.link(thing, 80), nicknames(thing), rights ? h("span", { class: "muted" }, rights) : null);
  };

  /** Rows about the same thing, in the order in which they come. */
  const byThing = (rows, side) => {
    const things = new Map();
    for (const row of rows) {
      const { type, id } = side === "of" ? bw.targetOf(row) : row.principal;
      const key = `${type}\n${id}`;
      if (!things.has(key)) things.set(key, []);
      things.get(key).push(row);
    }
    return [...things.values()];
  };

  const items = (rows, side, tells, nicknames) => {
    const lines = byThing(rows, side);
    const list = (some) => h("ul", { class: "items" }, some.map((own) => item(own, side, tells, nicknames)));
    if (lines.length <= LISTED + 4) return list(lines);
    const rest = lines.slice(LISTED);
    const more = h("details", null, h("summary", null, `${bw.number(rest.length)} more`));
    more.addEventListener("toggle", () => more.children.length === 1 && more.append(list(rest)));
    return [list(lines.slice(0, LISTED)), more];
  };

  const tallied = (text, n, isCut) => [text, h("span", { class: "tally" }, `${bw.number(n)}${isCut ? "+" : ""}`)];

  const typeName = (name) => bw.stranger(bw.noun(2, name), 60);

  /** What has the same ways. */
  const card = (rows, side, section) => {
    const [first] = rows;
    const isPlain = section.way === "scope" || first.paths.length === 0 || (!first.reached && first.paths.length === 1 && first.paths[0].length === 1);
    const how = bw.how(first, { isStart: !section.namesRight });
    const head = section.namesRight && section.way !== "scope" ? [h("strong", null, bw.stranger(bw.rightName(first.right), 80)), ", ", how] : h("strong", null, section.way === "scope" ? bw.how(first, { isStart: true }) : how);
    return h(
      "article",
      { class: "way" },
      h("h4", null, tallied(head, byThing(rows, side).length, section.isCut)),
      isPlain ? null : bw.wayGraph(rows, section.typeName, section.isCut),
      rows.length === 1 && !isPlain ? null : items(rows, side, section.tells, section.nicknames),
    );
  };

  const ways = (rows, side, nicknames, isCut) => {
    const { given, sections } = bw.grouped(rows, side);
    const namesRight = side === "on" && new Set(rows.map((row) => row.right.id)).size > 1;
    const givenCards = given.map((own) =>
      h("article", { class: "way" }, h("h4", null, tallied(h("strong", null, typeName(own[0].right.resource.typeName)), byThing(own, side).length, isCut)), items(own, side, tellsRight(own), nicknames)),
    );
    const count = given.reduce((sum, own) => sum + byThing(own, side).length, 0);
    return [
      count ? h("section", { class: "reach given" }, h("h3", null, tallied("Given directly", count, isCut)), h("div", { class: "ways" }, givenCards)) : null,
      ...sections.map((section) => {
        const about = { ...section, namesRight, nicknames, isCut, tells: side === "of" && tellsRight(section.rows) };
        return h(
          "section",
          { class: "reach" },
          h("h3", null, tallied(section.title ? [section.title, ": ", typeName(section.typeName)] : side === "of" && count ? ["Following from that: ", typeName(section.typeName)] : typeName(section.typeName), byThing(section.rows, side).length, isCut)),
          section.way === "self-granting" ? h("p", { class: "muted small" }, "They decide who has access. That does not open it by itself.") : null,
          h("div", { class: "ways" }, section.groups.map((own) => card(own, side, about))),
        );
      }),
    ].filter(Boolean);
  };

  const table = (rows, side, nicknames) => {
    const who = { key: "who", label: "Who", cell: (row) => [bw.link(row.principal), nicknames(row.principal), h("div", { class: "muted small" }, bw.stranger(row.principal.typeName))] };
    const what = { key: "what", label: "What", cell: (row) => [bw.link(bw.targetOf(row)), nicknames(bw.targetOf(row)), h("div", { class: "muted small" }, bw.stranger(bw.targetOf(row).typeName))] };
    const isMixed = rows.some((row) => (row.reach ?? "on") !== "on");
    const way = { key: "reach", label: "Way", cell: (row) => row.reach ?? "on" };
    return bw.table({
      label: "Access",
      columns: [
        side === "of" ? what : who,
        { key: "right", label: "Right", cell: (row) => bw.stranger(bw.rightName(row.right), 80) },
        { key: "how", label: "How", wide: true, cell: (row) => bw.how(row) },
        { key: "end", label: "Can be revoked", cell: (row) => (row.immutable ? "at its source" : "here") },
        ...(isMixed ? [way] : []),
      ],
      rows,
    });
  };

  /** `side` is "of" for what `thing` reaches, "on" for who reaches it. */
  bw.accessView = ({ source, side, thing, signal, noun }) => {
    const state = { q: "", direct: false, view: "ways", rows: [], total: null, turn: 0 };
    const body = h("div", { class: "answer", "aria-live": "off" });
    const status = h("p", { class: "muted small", role: "status" });
    const overall = h("div", { class: "overall" });

    const paint = () => {
      const { rows, total } = state;
      const isCut = rows.length < total;
      status.textContent = isCut ? `The first ${bw.number(rows.length)} of ${bw.count(total, noun)}; numbers with + are of these.` : `${bw.count(total, noun)}.`;
      const isFiltered = state.q || state.direct;
      const drawing = isFiltered || total === 0 ? null : side === "of" ? bw.reachGraph(thing, rows, isCut) : bw.entryGraph(thing, rows, isCut);
      overall.replaceChildren(...(drawing && state.view === "ways" ? [drawing] : []));
      if (total === 0) {
        body.replaceChildren(bw.nothing(isFiltered ? "Nothing fits this filter." : "Nothing."));
        return;
      }
      const go = (most, text) => h("button", { type: "button", onclick: () => load(rows.length, most) }, text);
      const more = isCut
        ? h("p", { class: "more" }, go(AT_ONCE, `Show ${bw.number(Math.min(AT_ONCE, total - rows.length))} more`), total <= ALL ? go(ALL, `Show all ${bw.number(total)}`) : null)
        : null;
      const shown = state.view === "ways" ? ways(rows, side, state.nicknames, isCut) : [table(rows, side, state.nicknames)];
      body.replaceChildren(...shown, ...(more ? [more] : []));
    };

    const load = async (from, more = AT_ONCE) => {
      const turn = ++state.turn;
      body.setAttribute("aria-busy", "true");
      try {
        let rows = from ? state.rows : [];
        const most = from + more;
        let total = Infinity;
        while (rows.length < Math.min(most, total)) {
          const asked = { [side]: thing, q: state.q, direct: state.direct, offset: rows.length, limit: PAGE };
          const page = await source.access(asked, signal);
          if (turn !== state.turn) return;
          total = page.total;
          rows = rows.concat(page.items);
          if (page.items.length === 0) break;
        }
        const nicknames = await bw.nicknames(source, rows.map((row) => (side === "of" ? bw.targetOf(row) : row.principal)), signal);
        if (turn !== state.turn) return;
        Object.assign(state, { rows, nicknames, total: Math.max(total, rows.length) });
        paint();
      } catch (error) {
        if (error.name !== "AbortError" && turn === state.turn) body.replaceChildren(bw.failure(error, () => load(from, more)));
      } finally {
        if (turn === state.turn) body.removeAttribute("aria-busy");
      }
    };

    const again = bw.calmly(140, () => load(0));
    const filter = h("input", {
      type: "search", placeholder: "Filter", "aria-label": "Filter access", autocomplete: "off", spellcheck: "false", maxlength: "200",
      oninput: () => {
        state.q = filter.value;
        again();
      },
    });
    const direct = h("input", {
      type: "checkbox",
      onchange: () => {
        state.direct = direct.checked;
        load(0);
      },
    });
    const looks = [["ways", "Ways"], ["table", "Table"]].map(([view, text]) =>
      h("button", {
        type: "button", "aria-pressed": String(view === state.view),
        onclick: () => {
          state.view = view;
          for (const look of looks) look.setAttribute("aria-pressed", String(look.textContent === text));
          if (state.total !== null) paint();
        },
      }, text),
    );
    const tools = h(
      "div",
      { class: "tools" },
      filter,
      h("label", { class: "check" }, direct, " Given directly"),
      h("div", { class: "looks", role: "group", "aria-label": "Show as" }, looks),
      status,
    );
    return { node: h("div", { class: "access", "data-side": side }, tools, overall, body), ready: load(0) };
  };
})();
