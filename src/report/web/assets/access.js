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
  const item = (rows, side, tells) => {
    const [row] = rows;
    const thing = side === "of" ? bw.targetOf(row) : row.principal;
    const rights = side === "of" && tells ? rows.map((own, n) => [n ? ", " : " · ", bw.stranger(bw.rightName(own.right), 60)]) : null;
    return h("li", null, bw.link(thing, 80), rights ? h("span", { class: "muted" }, rights) : null);
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

  const items = (rows, side, tells, folds, name) => {
    const lines = byThing(rows, side);
    const list = (some) => h("ul", { class: "items" }, some.map((own) => item(own, side, tells)));
    if (lines.length <= LISTED + 4) return list(lines);
    const rest = lines.slice(LISTED);
    return [list(lines.slice(0, LISTED)), folds.fold(`${name}m`, `${bw.number(rest.length)} more`, () => list(rest))];
  };

  const tallied = (text, n, isCut) => [text, h("span", { class: "counts" }, `${bw.number(n)}${isCut ? "+" : ""}`)];

  const typeName = (name) => bw.stranger(bw.noun(2, name), 60);

  /** What has the same ways. What everybody has is folded up. */
  const card = (rows, side, section, name) => {
    const [first] = rows;
    const isPlain = section.way === "scope" || first.paths.length === 0 || (!first.reached && first.paths.length === 1 && first.paths[0].length === 1);
    const how = bw.how(first, { isStart: !section.namesRight });
    const head = section.way === "scope" ? h("strong", null, bw.how(first, { isStart: true })) : section.namesRight ? [h("strong", null, bw.stranger(bw.rightName(first.right), 80)), ", ", how] : h("strong", null, how);
    const things = byThing(rows, side).length;
    const inside = () => [
      isPlain ? null : bw.wayGraph(rows, section.typeName, section.isCut),
      rows.length === 1 && !isPlain ? null : items(rows, side, section.tells, section.folds, name),
    ].flat().filter(Boolean);
    const isFolded = things > 1 && bw.isThroughEveryone(first, section.everyone);
    const fold = () => section.folds.fold(name, bw.count(things, bw.lower(things, side === "on" ? first.principal.typeName : section.typeName), section.isCut), inside);
    return h("article", { class: "way" }, h("h4", null, tallied(head, things, section.isCut)), isFolded ? fold() : inside());
  };

  const ways = (rows, side, folds, isCut, everyone) => {
    const { given, sections } = bw.grouped(rows, side, everyone);
    const namesRight = side === "on" && new Set(rows.map((row) => row.right.id)).size > 1;
    const givenCards = given.map((own, n) =>
      h("article", { class: "way" }, h("h4", null, tallied(h("strong", null, typeName(own[0].right.resource.typeName)), byThing(own, side).length, isCut)), items(own, side, tellsRight(own), folds, `g${n}`)),
    );
    const count = given.reduce((sum, own) => sum + byThing(own, side).length, 0);
    return [
      count ? h("section", { class: "reach given" }, h("h3", null, tallied("Given directly", count, isCut)), h("div", { class: "ways" }, givenCards)) : null,
      ...sections.map((section, at) => {
        const of = { ...section, everyone, namesRight, folds, isCut, tells: side === "of" && tellsRight(section.rows) };
        return h(
          "section",
          { class: "reach" },
          h("h3", null, tallied(section.title ? [section.title, ": ", typeName(section.typeName)] : side === "of" && count ? ["Following from that: ", typeName(section.typeName)] : typeName(section.typeName), byThing(section.rows, side).length, isCut)),
          section.way === "self-granting" ? h("p", { class: "muted small" }, "They decide who has access. That does not open it by itself.") : null,
          h("div", { class: "ways" }, section.groups.map((own, n) => card(own, side, of, `${at}-${n}`))),
        );
      }),
    ].filter(Boolean);
  };

  const table = (rows, side) => {
    const cell = (thing, isPlace) => [bw.link(thing, 80, isPlace), h("div", { class: "muted small" }, bw.stranger(thing.typeName))];
    const who = { key: "who", label: "Who", cell: (row) => cell(row.principal) };
    const what = { key: "what", label: "What", cell: (row) => cell(bw.targetOf(row), false) };
    const place = { key: "environment", label: "Environment", cell: (row) => bw.targetOf(row).environment ?? "–" };
    const isMixed = rows.some((row) => (row.reach ?? "on") !== "on");
    const way = { key: "reach", label: "Way", cell: (row) => row.reach ?? "on" };
    return bw.table({
      label: "Access",
      columns: [
        side === "of" ? what : who,
        side === "of" && rows.some((row) => bw.targetOf(row).environment) ? place : null,
        { key: "right", label: "Right", cell: (row) => bw.stranger(bw.rightName(row.right), 80) },
        { key: "how", label: "How", wide: true, cell: (row) => bw.how(row) },
        { key: "end", label: "Can be revoked", cell: (row) => (row.immutable ? "at its source" : "here") },
        isMixed ? way : null,
      ].filter(Boolean),
      rows,
    });
  };

  /** `12 grants.`, `3 grants that were given directly and fit the filter "ops".`: what is shown, in a sentence. */
  const told = (total, noun, q, direct) => {
    const own = [direct ? (total === 1 ? "was given directly" : "were given directly") : null, q ? [total === 1 ? "fits" : "fit", ' the filter "', bw.stranger(q, 60), '"'] : null].filter(Boolean);
    return [bw.count(total, noun), own.length ? " that " : "", own.map((part, n) => [n ? " and " : "", part]), "."];
  };

  const empty = (noun, q, direct, side) => {
    if (q) return bw.nothing(`No ${noun} ${direct ? "that was given directly " : ""}fits the filter "`, bw.stranger(q, 60), '".');
    if (direct) return bw.nothing(`No ${noun} was given directly.`);
    return bw.nothing(side === "of" ? "Nothing is held." : "Nobody holds anything on it.");
  };

  /** `side` is "of" for what `thing` reaches, "on" for who reaches it. What is chosen stands in the address. */
  bw.accessView = ({ source, side, thing, signal, noun, query, remember, everyone }) => {
    const key = (name) => `${side}.${name}`;
    const state = {
      q: query.get(key("q")) ?? "", direct: query.has(key("direct")), view: query.get(key("view")) === "table" ? "table" : "ways",
      rows: [], total: null, turn: 0,
    };
    const wanted = Number(query.get(key("rows"))) || AT_ONCE;
    const folds = bw.folds({ query, key: key("open"), remember });
    const body = h("div", { class: "answer", "aria-live": "off" });
    const status = h("p", { class: "muted small", role: "status" });
    const overall = h("div", { class: "overall" });

    const paint = () => {
      const { rows, total, q, direct } = state;
      const isCut = rows.length < total;
      const all = told(total, noun, q.trim(), direct);
      status.replaceChildren(...(isCut ? [`The first ${bw.number(rows.length)} of `, all, " Numbers with + are of these."] : [all]).flat(Infinity));
      const drawing = q || direct || total === 0 ? null : side === "of" ? bw.reachGraph(thing, rows, isCut) : bw.entryGraph(thing, rows, isCut);
      overall.replaceChildren(...(drawing && state.view === "ways" ? [drawing] : []));
      if (total === 0) {
        body.replaceChildren(empty(noun, q.trim(), direct, side));
        return;
      }
      const go = (most, text) => h("button", { type: "button", onclick: () => (remember({ [key("rows")]: rows.length + most }, true), load(rows.length, most)) }, text);
      const more = isCut
        ? h("p", { class: "more" }, go(AT_ONCE, `Show ${bw.number(Math.min(AT_ONCE, total - rows.length))} more`), total <= ALL ? go(ALL, `Show all ${bw.number(total)}`) : null)
        : null;
      const shown = state.view === "ways" ? ways(rows, side, folds, isCut, everyone) : [table(rows, side)];
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
        Object.assign(state, { rows, total: Math.max(total, rows.length) });
        paint();
      } catch (error) {
        if (error.name !== "AbortError" && turn === state.turn) body.replaceChildren(bw.failure(error, () => load(from, more)));
      } finally {
        if (turn === state.turn) body.removeAttribute("aria-busy");
      }
    };

    /** Other rows: what was open and loaded belongs to the old ones. */
    const other = (change, isStep) => {
      folds.forget();
      remember({ ...change, [key("open")]: null, [key("rows")]: null }, isStep);
      load(0);
    };
    const again = bw.calmly(140, () => other({ [key("q")]: state.q.trim() || null }));
    const filter = h("input", {
      type: "search", value: state.q, placeholder: "Filter", "aria-label": "Filter access", autocomplete: "off", spellcheck: "false", maxlength: "200",
      oninput: () => {
        state.q = filter.value;
        again();
      },
    });
    const direct = h("input", {
      type: "checkbox",
      onchange: () => {
        state.direct = direct.checked;
        other({ [key("direct")]: state.direct ? "yes" : null }, true);
      },
    });
    direct.checked = state.direct;
    const looks = [["ways", "Ways"], ["table", "Table"]].map(([view, text]) =>
      h("button", {
        type: "button", "aria-pressed": String(view === state.view),
        onclick: () => {
          if (state.view === view) return;
          state.view = view;
          for (const look of looks) look.setAttribute("aria-pressed", String(look.textContent === text));
          remember({ [key("view")]: view === "ways" ? null : view }, true);
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
    return { node: h("div", { class: "access", "data-side": side }, tools, overall, body), ready: load(0, Math.max(wanted, AT_ONCE)) };
  };
})();
