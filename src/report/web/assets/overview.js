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
        h("span", { class: "tally" }, bw.number(total)),
      ),
      h("p", null, bw.stranger(found.why, 600)),
      items.length ? h("ul", { class: "evidence" }, items.slice(0, FEW).map(evidence)) : null,
      total > FEW ? h("p", { class: "small" }, h("a", { href: `#/finding/${encodeURIComponent(found.key)}` }, `All ${bw.number(total)}`)) : null,
    );
  };

  const about = ({ file, sync }) =>
    h(
      "p",
      { class: "muted" },
      bw.stranger(String(file ?? "").split(/[\\/]/).pop(), 120),
      sync?.endedAt ? [", synced ", bw.minute(sync.endedAt)] : null,
      sync?.type && sync.type !== "full" ? `, ${sync.type} sync` : null,
    );

  bw.overviewPage = async ({ overview }) => {
    const view = await overview();
    const order = { high: 0, medium: 1, low: 2, info: 3 };
    const all = [...(view.findings ?? [])].sort((a, b) => (order[a.severity] ?? 9) - (order[b.severity] ?? 9));
    const findings = all.filter((found) => found.total > 0);
    const clean = all.filter((found) => found.total === 0);
    const node = h(
      "div",
      { class: "overview" },
      h("div", { class: "title" }, h("h1", null, "Who has access, and why"), about(view)),
      view.note ? h("p", { class: "note" }, bw.stranger(view.note, 600)) : null,
      view.headline?.length ? h("ul", { class: "tiles", "aria-label": "In numbers" }, view.headline.map(tile)) : null,
      h(
        "section",
        { class: "findings", "aria-labelledby": "findings" },
        h("h2", { id: "findings" }, "Worth a look", h("span", { class: "tally" }, bw.number(findings.length))),
        findings.length ? h("div", { class: "cards" }, findings.map(finding)) : bw.nothing("Nothing stands out in this sync."),
        clean.length ? h("p", { class: "muted small clean" }, "Looked for and not found: ", clean.map((found, n) => [n ? ", " : "", bw.stranger(found.title, 120)]), ".") : null,
      ),
      bw.unknown(view.unknown),
      view.charts?.length
        ? h("section", { "aria-labelledby": "charts" }, h("h2", { id: "charts" }, "In pictures"), h("div", { class: "charts" }, view.charts.map(bw.chart)))
        : null,
    );
    return { title: "Overview", node };
  };

  bw.findingPage = async ({ overview }, [key]) => {
    const view = await overview();
    const found = view.findings?.find((one) => one.key === key);
    if (!found) return { title: "Not found", node: bw.nothing("There is no such finding in this sync. ", h("a", { href: "#/" }, "Back to the overview"), ".") };
    const items = found.items ?? [];
    const total = found.total ?? items.length;
    const filter = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter this finding", autocomplete: "off", spellcheck: "false", maxlength: "200" });
    const body = h("div");
    const columns = [
      { key: "thing", label: "Who or what", cell: (row) => bw.link(row.thing) },
      { key: "type", label: "Type", cell: (row) => bw.stranger(row.thing.typeName) },
      { key: "detail", label: "Why it is here", wide: true, cell: (row) => bw.stranger(row.detail, 600) },
    ];
    const paint = () => {
      const q = bw.fold(filter.value);
      const shown = items.filter((row) => bw.fold(`${row.thing.name} ${row.thing.id} ${row.detail}`).includes(q));
      body.replaceChildren(shown.length ? bw.table({ label: found.title, columns, rows: shown }) : bw.nothing("Nothing fits this filter."));
    };
    filter.addEventListener("input", bw.calmly(80, paint));
    paint();
    const node = h(
      "div",
      { class: "page" },
      h(
        "div",
        { class: "title" },
        h("p", { class: "eyebrow" }, h("a", { href: "#/" }, "Overview"), " / ", "Finding"),
        h("h1", null, bw.stranger(found.title, 200), h("span", { class: "tally" }, bw.number(total))),
        h("p", null, h("span", { class: `severity ${found.severity}` }, found.severity), " ", bw.stranger(found.why, 1000)),
        found.whatToDo ? h("p", { class: "todo" }, h("strong", null, "What to do: "), bw.stranger(found.whatToDo, 1000)) : null,
      ),
      items.length > 8 ? h("div", { class: "tools" }, filter) : null,
      body,
      total > items.length ? h("p", { class: "muted small" }, `The first ${bw.number(items.length)} of ${bw.number(total)} are listed.`) : null,
    );
    return { title: found.title, node };
  };
})();
