// The first page: the numbers, what to look at, and the charts. And the page of one finding.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;
  const FEW = 4;

  const tile = (number) => {
    const inner = [
      h("span", { class: "value" }, bw.number(number.value)),
      h("span", { class: "label" }, bw.stranger(number.label, 80)),
      number.note ? h("span", { class: "muted small" }, bw.address(number.note, 160)) : null,
    ];
    return h("li", { "data-number": number.key }, bw.isOurs(number.link) ? h("a", { class: "tile", href: number.link }, inner) : h("div", { class: "tile" }, inner));
  };

  const evidence = ({ thing, detail }) =>
    h("li", null, bw.link(thing, 80), " ", h("span", { class: "muted small kind" }, bw.stranger(thing.typeName)), detail ? h("div", { class: "muted small" }, bw.stranger(detail, 400)) : null);

  /** The first few; on paper all. */
  const evidences = (items) => {
    const list = h("ul", { class: "evidence", "data-unfolds": true });
    const fill = (most) => list.replaceChildren(...items.slice(0, most).map(evidence));
    list.addEventListener("unfold", () => fill(items.length));
    list.addEventListener("refold", () => fill(FEW));
    fill(FEW);
    return list;
  };

  /** How much of a finding is not among what was found. */
  const rest = (found) => {
    const parts = [];
    if (found.unknownTotal) parts.push(`of ${bw.number(found.unknownTotal)} it is not known`);
    if (found.exceptedTotal) parts.push(`${bw.number(found.exceptedTotal)} excepted`);
    return parts.join(", ");
  };

  const finding = (found) => {
    const items = found.items ?? [];
    const total = found.total ?? items.length;
    return h(
      "article",
      { class: `finding ${found.severity}`, "data-finding": found.key },
      h(
        "h3",
        null,
        h("span", { class: `severity ${found.severity}` }, found.severity),
        h("a", { href: `#/finding/${encodeURIComponent(found.key)}` }, bw.stranger(found.title, 160)),
        h("span", { class: "counts" }, bw.number(total)),
      ),
      h("p", null, bw.stranger(found.why, 600)),
      items.length ? evidences(items) : null,
      rest(found) ? h("p", { class: "muted small" }, `Besides: ${rest(found)}.`) : null,
      total > items.length ? h("p", { class: "paper muted small" }, `The first ${bw.number(items.length)} of ${bw.number(total)}.`) : null,
      total > FEW ? h("p", { class: "small screen" }, h("a", { href: `#/finding/${encodeURIComponent(found.key)}` }, `All ${bw.number(total)}`)) : null,
    );
  };

  const about = (view) => h("p", { class: "muted screen" }, bw.source(view));

  bw.overviewPage = async ({ overview, remember }, _, query) => {
    const view = await overview();
    const folds = bw.folds({ query, key: "open", remember });
    const order = { high: 0, medium: 1, low: 2, info: 3 };
    const all = [...(view.findings ?? [])].sort((a, b) => (order[a.severity] ?? 9) - (order[b.severity] ?? 9));
    const findings = all.filter((found) => found.total > 0);
    const silent = all.filter((found) => found.total === 0 && rest(found));
    const clean = all.filter((found) => found.total === 0 && !rest(found));
    const node = h(
      "div",
      { class: "overview" },
      h("div", { class: "title" }, h("h1", null, "Who has access, and why"), about(view)),
      view.note ? h("p", { class: "note" }, bw.stranger(view.note, 600)) : null,
      view.headline?.length ? h("ul", { class: "tiles", "aria-label": "In numbers" }, view.headline.map(tile)) : null,
      h(
        "section",
        { class: "findings", "aria-labelledby": "findings" },
        h("h2", { id: "findings" }, "Worth a look", h("span", { class: "counts" }, bw.number(findings.length))),
        findings.length ? h("div", { class: "cards" }, findings.map(finding)) : bw.nothing("Nothing stands out in this sync."),
        silent.length
          ? h(
              "p",
              { class: "muted small silent" },
              "Found nowhere, but not all is known or counted: ",
              silent.map((found, n) => [n ? "; " : "", h("a", { href: `#/finding/${encodeURIComponent(found.key)}` }, bw.stranger(found.title, 120)), ` (${rest(found)})`]),
              ".",
            )
          : null,
        (view.notes ?? []).map((note) => h("p", { class: "note small" }, bw.stranger(note, 600))),
        clean.length ? h("p", { class: "muted small clean" }, "Looked for and not found: ", clean.map((found, n) => [n ? ", " : "", bw.stranger(found.title, 120)]), ".") : null,
      ),
      bw.unknown(view.unknown),
      view.charts?.length
        ? h("section", { "aria-labelledby": "charts" }, h("h2", { id: "charts" }, "In pictures"), h("div", { class: "charts" }, view.charts.map((chart) => bw.chart(chart, folds))))
        : null,
    );
    return { title: "Overview", node };
  };

  bw.findingPage = async ({ overview, remember }, [key], query) => {
    const view = await overview();
    const found = view.findings?.find((one) => one.key === key);
    if (!found) return { title: "Not found", node: bw.nothing("There is no such finding in this sync. ", h("a", { href: "#/" }, "Back to the overview"), ".") };
    const items = found.items ?? [];
    const total = found.total ?? items.length;
    const filter = h("input", { type: "search", value: query.get("q") ?? "", placeholder: "Filter", "aria-label": "Filter this finding", autocomplete: "off", spellcheck: "false", maxlength: "200" });
    const body = h("div");
    const columns = [
      { key: "thing", label: "Who or what", cell: (row) => bw.link(row.thing) },
      { key: "type", label: "Type", cell: (row) => bw.stranger(row.thing.typeName) },
      { key: "detail", label: "Why it is here", wide: true, cell: (row) => bw.stranger(row.detail, 600) },
    ];
    if (items.some((row) => row.owner)) columns.push({ key: "owner", label: "Owner", cell: (row) => bw.stranger(row.owner ?? "", 120) });
    const commands = (row) => (row.fix ?? []).map((fix) => h("div", null, h("code", { class: "small" }, bw.stranger(fix, 400))));
    if (items.some((row) => row.fix?.length)) columns.push({ key: "fix", label: "Commands that take it away", wide: true, cell: (row) => h("div", null, commands(row)) });
    const others = (title, rows, why) =>
      rows?.length ? h("section", null, h("h2", null, title), h("ul", { class: "evidence" }, rows.map((row) => h("li", null, row.thing ? [bw.link(row.thing, 80), ": "] : null, bw.stranger(why(row), 600))))) : null;
    const paint = () => {
      const typed = filter.value.trim();
      const q = bw.folded(typed);
      const shown = items.filter(({ thing, detail }) => bw.folded(`${bw.told(thing)} ${thing.id} ${detail}`).includes(q));
      const by = ['the filter "', bw.stranger(typed, 60), '"'];
      const onPaper = typed ? h("p", { class: "paper" }, "Only what fits ", by, ".") : null;
      const table = shown.length ? bw.table({ label: found.title, columns, rows: shown }) : bw.nothing("Nothing of this finding fits ", by, ".");
      body.replaceChildren(...[shown.length ? onPaper : null, table].filter(Boolean));
    };
    filter.addEventListener("input", bw.calmly(80, () => {
      remember({ q: filter.value.trim() || null });
      paint();
    }));
    paint();
    const node = h(
      "div",
      { class: "page" },
      h(
        "div",
        { class: "title" },
        h("p", { class: "eyebrow" }, h("a", { href: "#/" }, "Overview"), " / ", "Finding"),
        h("h1", null, bw.stranger(found.title, 200), h("span", { class: "counts" }, bw.number(total))),
        h("p", null, h("span", { class: `severity ${found.severity}` }, found.severity), " ", bw.stranger(found.why, 1000)),
        found.whatToDo ? h("p", { class: "todo" }, h("strong", null, "What to do: "), bw.stranger(found.whatToDo, 1000)) : null,
      ),
      items.length > 8 || filter.value ? h("div", { class: "tools" }, filter) : null,
      body,
      total > items.length ? h("p", { class: "muted small" }, `The first ${bw.number(items.length)} of ${bw.number(total)} are listed.`) : null,
      others("Not known", found.unknown, (row) => row.why),
      others(
        "Excepted",
        found.excepted?.map(({ item, reason, until }) => ({ thing: item.thing, reason, until })),
        (row) => (row.until ? `${row.reason} (until ${row.until})` : row.reason),
      ),
    );
    return { title: found.title, node };
  };
})();
