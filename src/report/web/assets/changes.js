// What changed since the sync before: people first, each with what they gained and lost, and why.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;
  /** Of a section, until somebody asks for all. */
  const FEW = 100;

  const line = ({ sign, text, aside, below }) =>
    h(
      "li",
      { class: `change ${sign}` },
      bw.stranger(text, 600),
      aside ? h("span", { class: "muted small" }, " ", bw.stranger(aside, 600)) : null,
      below?.length ? h("ul", null, below.map(line)) : null,
    );

  const SIGNS = new Map([["added", "gained"], ["removed", "lost"], ["stayed", "changed"]]);

  /** What is gone has no page any more. */
  const name = ({ thing, presence }) => (presence === "removed" ? [bw.stranger(thing.name, 120), bw.aside(thing)] : bw.link(thing, 120));

  const subject = (one) =>
    h(
      "li",
      { class: "subject" },
      h("h3", null, name(one), one.email && one.email !== one.thing.name ? h("span", { class: "muted small" }, " ", bw.address(one.email)) : null, one.word ? h("span", { class: `change ${SIGNS.get(one.presence)}` }, ` ${one.word}`) : null),
      one.lines.length || one.more
        ? h("ul", null, one.lines.map(line), one.more ? h("li", { class: "muted" }, `and ${bw.number(one.more)} more; \`baton-workato diff\` tells all`) : null)
        : null,
    );

  const textOf = ({ text, aside, below }) => [text, aside ?? "", ...(below ?? []).map(textOf)].join("\n");

  /** Subjects in a section, the first of them until all are asked for; on paper all. */
  const section = (title, { total, items }, isFiltered) => {
    const list = h("ul", { class: "subjects", "data-unfolds": true });
    let most = FEW;
    const fill = (shown) => {
      const rest = items.length - shown;
      list.replaceChildren(
        ...items.slice(0, shown).map(subject),
        ...(rest > 0
          ? [h("li", null, h("button", { type: "button", onclick: () => fill((most = items.length)) }, `Show ${bw.number(rest)} more`))]
          : total > items.length && !isFiltered ? [h("li", { class: "muted" }, `and ${bw.number(total - items.length)} more; \`baton-workato diff\` tells all`)] : []),
      );
    };
    list.addEventListener("unfold", () => fill(items.length));
    list.addEventListener("refold", () => fill(most));
    fill(most);
    return h("section", { "aria-label": title }, h("h2", null, title, h("span", { class: "counts" }, bw.number(isFiltered ? items.length : total))), list);
  };

  /** Things by their type, in the order they come. */
  const byType = ({ total, items }) => {
    const types = new Map();
    for (const one of items) {
      if (!types.has(one.thing.typeName)) types.set(one.thing.typeName, []);
      types.get(one.thing.typeName).push(one);
    }
    return { left: total - items.length, types: [...types] };
  };

  bw.changesPage = async ({ source, signal, remember }, _rest, query) => {
    const told = await source.changes(signal);
    const title = "What changed";
    if (told.none) return { title, node: h("div", { class: "page" }, h("div", { class: "title" }, h("h1", null, title)), bw.nothing(told.none)) };
    const filter = h("input", { type: "search", value: query.get("q") ?? "", placeholder: "Filter", "aria-label": "Filter what changed", autocomplete: "off", spellcheck: "false", maxlength: "200" });
    const body = h("div", { class: "answer" });
    const counts = h("span", { class: "hidden", role: "status" });
    const paint = () => {
      const q = bw.folded(filter.value);
      const fits = (one) => !q || bw.folded([bw.told(one.thing), one.email ?? "", one.thing.typeName, one.word ?? "", ...one.lines.map(textOf)].join("\n")).includes(q);
      const people = { total: told.people.total, items: told.people.items.filter(fits) };
      const things = byType({ total: told.things.total, items: told.things.items.filter(fits) });
      const shown = people.items.length + things.types.reduce((sum, [, items]) => sum + items.length, 0);
      counts.textContent = q ? `${bw.number(shown)} fit` : "";
      const parts = [
        people.items.length ? section("People and accounts", people, Boolean(q)) : null,
        ...things.types.map(([type, items]) => section(bw.noun(2, type), { total: items.length, items }, Boolean(q))),
        things.left > 0 && !q ? h("p", { class: "muted" }, `and ${bw.number(things.left)} more things; \`baton-workato diff\` tells all`) : null,
        q && shown === 0 ? bw.nothing('Nothing that changed fits the filter "', bw.stranger(filter.value.trim(), 60), '".') : null,
      ];
      body.replaceChildren(...parts.filter(Boolean));
    };
    filter.addEventListener("input", bw.calmly(120, () => {
      remember({ q: filter.value.trim() || null });
      paint();
    }));
    paint();
    const when = ({ id, endedAt }) => [endedAt ? bw.minute(endedAt) : "unfinished", h("span", { class: "muted small" }, " ", h("code", null, bw.stranger(id, 60)))];
    const count = told.people.items.length + told.things.items.length;
    const node = h(
      "div",
      { class: "page changes" },
      h(
        "div",
        { class: "title" },
        h("h1", null, title),
        h("p", null, when(told.older), " → ", when(told.newer)),
        h("p", null, h("strong", null, bw.stranger(told.summary, 600))),
      ),
      told.unknown?.length
        ? h(
            "section",
            { class: "note", "aria-label": "Not known" },
            h("p", null, h("strong", null, "Not everything was read. "), "Where one of the two syncs could not read something, it may look gained or lost."),
            h("ul", null, told.unknown.map((text) => h("li", null, bw.stranger(text, 600)))),
          )
        : null,
      count > 8 || filter.value ? h("div", { class: "tools" }, filter, counts) : null,
      body,
      told.asides?.map((text) => h("p", { class: "muted small" }, bw.stranger(text, 600))),
    );
    return { title, node };
  };
})();
