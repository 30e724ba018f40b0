// Charts that are tables: a row is a label, a bar and a number, so they read, copy and print as what they are.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;

  const sum = (values) => values.reduce((all, value) => all + (Number(value) || 0), 0);

  const share = (element, part) => {
    element.style.setProperty("--share", String(Math.max(0, Math.min(1, part))));
    return element;
  };

  const labelOf = (row) => {
    const text = bw.stranger(row.label, 80);
    return bw.isOurs(row.link) ? h("a", { href: row.link }, text) : text;
  };

  const bars = (chart) => {
    const most = Math.max(1, ...chart.rows.map((row) => sum(row.values)));
    return h(
      "table",
      { class: "bars" },
      h("caption", { class: "hidden" }, chart.title),
      h("thead", { class: "hidden" }, h("tr", null, h("th", null, "What"), h("th", null, "Bar"), h("th", null, chart.series?.[0] ?? "Number"))),
      h(
        "tbody",
        null,
        chart.rows.map((row) => {
          const total = sum(row.values);
          return h(
            "tr",
            null,
            h("th", { scope: "row" }, labelOf(row)),
            h("td", { class: "track", "aria-hidden": "true" }, share(h("div", { class: "bar s0" }), total / most)),
            h("td", { class: "num" }, bw.number(total)),
          );
        }),
      ),
    );
  };

  const stacked = (chart) => {
    const most = Math.max(1, ...chart.rows.map((row) => sum(row.values)));
    const names = chart.series ?? [];
    const key = h(
      "ul",
      { class: "key", "aria-hidden": "true" },
      names.map((name, n) => h("li", null, h("span", { class: `swatch s${n % 6}` }), bw.stranger(name, 40))),
    );
    const rows = chart.rows.map((row) =>
      h(
        "tr",
        null,
        h("th", { scope: "row" }, labelOf(row)),
        h(
          "td",
          { class: "track", "aria-hidden": "true" },
          h(
            "div",
            { class: "stack" },
            row.values.map((value, n) =>
              value ? share(h("div", { class: `bar s${n % 6}`, title: `${names[n] ?? ""}: ${bw.number(value)}` }), value / most) : null,
            ),
          ),
        ),
        row.values.map((value) => h("td", { class: "hidden" }, bw.number(value))),
        h("td", { class: "num" }, bw.number(sum(row.values))),
      ),
    );
    return [
      key,
      h(
        "table",
        { class: "bars" },
        h("caption", { class: "hidden" }, chart.title),
        h(
          "thead",
          { class: "hidden" },
          h("tr", null, h("th", null, "What"), h("th", null, "Bar"), names.map((name) => h("th", null, bw.stranger(name))), h("th", null, "Sum")),
        ),
        h("tbody", null, rows),
      ),
    ];
  };

  const histogram = (chart) => {
    const most = Math.max(1, ...chart.rows.map((row) => sum(row.values)));
    return h(
      "table",
      { class: "columns" },
      h("caption", { class: "hidden" }, chart.title),
      h(
        "tbody",
        null,
        chart.rows.map((row) => {
          const total = sum(row.values);
          return h(
            "tr",
            { class: total ? undefined : "none" },
            h("td", { class: "num" }, bw.number(total)),
            h("td", { class: "well", "aria-hidden": "true" }, share(h("div", { class: "bar s0" }), total / most)),
            h("th", { scope: "row" }, labelOf(row)),
          );
        }),
      ),
    );
  };

  const numbers = (chart) => {
    const names = chart.series?.length ? chart.series : ["Number"];
    return h(
      "details",
      { class: "numbers" },
      h("summary", null, "Numbers"),
      h(
        "div",
        { class: "scroll" },
        h(
          "table",
          { class: "plain" },
          h("thead", null, h("tr", null, h("th", { scope: "col" }, "What"), names.map((name) => h("th", { scope: "col", class: "num" }, bw.stranger(name, 60))))),
          h(
            "tbody",
            null,
            chart.rows.map((row) =>
              h("tr", null, h("th", { scope: "row" }, labelOf(row)), row.values.map((value) => h("td", { class: "num" }, bw.number(value)))),
            ),
          ),
        ),
      ),
    );
  };

  const KINDS = { bars, stacked, histogram };

  /** A chart of the overview. */
  bw.chart = (chart) => {
    const empty = !chart.rows?.length || chart.rows.every((row) => sum(row.values) === 0);
    const draw = KINDS[chart.kind] ?? bars;
    return h(
      "section",
      { class: `panel chart ${chart.kind}`, "data-chart": chart.key },
      h("h3", null, bw.stranger(chart.title)),
      empty ? bw.nothing("Nothing to show.") : draw(chart),
      chart.note ? h("p", { class: "muted small" }, bw.stranger(chart.note, 600)) : null,
      empty || chart.kind === "bars" ? null : numbers(chart),
    );
  };
})();
