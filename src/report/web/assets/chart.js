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
    const text = bw.address(row.label, 80);
    return bw.isOurs(row.link) ? h("a", { href: row.link }, text) : text;
  };

  /** Rows of a label, what `draw` makes of the values, and their sum. */
  const rowsOf = (chart, draw) => {
    const most = Math.max(1, ...chart.rows.map((row) => sum(row.values)));
    return h(
      "table",
      { class: "bars" },
      h("caption", { class: "hidden" }, chart.title),
      h("colgroup", null, h("col", { class: "what" }), h("col"), h("col", { class: "sum" })),
      h(
        "tbody",
        null,
        chart.rows.map((row) =>
          h(
            "tr",
            null,
            h("th", { scope: "row" }, labelOf(row)),
            h("td", { "aria-hidden": "true" }, draw(row, most)),
            h("td", { class: "num" }, bw.number(sum(row.values))),
          ),
        ),
      ),
    );
  };

  const bars = (chart) => rowsOf(chart, (row, most) => share(h("div", { class: "bar s0" }), sum(row.values) / most));

  const stacked = (chart) => {
    const names = chart.series ?? [];
    const part = (value, n, most) =>
      value ? share(h("div", { class: `bar s${n % 6}`, title: `${names[n] ?? ""}: ${bw.number(value)}` }), value / most) : null;
    return [
      h("ul", { class: "key" }, names.map((name, n) => h("li", null, h("span", { class: `swatch s${n % 6}` }), bw.stranger(name, 40)))),
      rowsOf(chart, (row, most) => h("div", { class: "stack" }, row.values.map((value, n) => part(value, n, most)))),
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

  const numbers = (chart, folds) => {
    const names = chart.series?.length ? chart.series : ["Number"];
    const table = () =>
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
      );
    return folds.fold(chart.key, "Numbers", table);
  };

  const KINDS = { bars, stacked, histogram };

  /** A chart of the overview. */
  bw.chart = (chart, folds) => {
    const empty = !chart.rows?.length || chart.rows.every((row) => sum(row.values) === 0);
    const draw = KINDS[chart.kind] ?? bars;
    return h(
      "section",
      { class: `panel chart ${chart.kind}`, "data-chart": chart.key },
      h("h3", null, bw.stranger(chart.title)),
      empty ? bw.nothing("This sync has nothing to show here.") : draw(chart),
      chart.note ? h("p", { class: "muted small" }, bw.stranger(chart.note, 600)) : null,
      empty || chart.kind === "bars" ? null : numbers(chart, folds),
    );
  };
})();
