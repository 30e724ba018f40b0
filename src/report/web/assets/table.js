// A table with sortable heads.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;

  const kindOf = (column) => [column.num ? "num" : "", column.wide ? "wide" : ""].join(" ").trim() || undefined;

  /** The head of a table: `sorted` is a key, or `-key` for downwards; `onsort(next)` is called with another one. */
  bw.tableHead = ({ columns, sorted, onsort }) => {
    const head = columns.map((column) => {
      const kind = kindOf(column);
      if (!column.sort) return h("th", { scope: "col", class: kind }, column.label);
      const [up, down] = [sorted === column.sort, sorted === `-${column.sort}`];
      return h(
        "th",
        { scope: "col", class: kind, "aria-sort": up ? "ascending" : down ? "descending" : undefined },
        h(
          "button",
          { type: "button", class: "sort", onclick: () => onsort(up ? `-${column.sort}` : column.sort) },
          column.label,
          h("span", { class: "arrow", "aria-hidden": "true" }, up ? "▲" : down ? "▼" : ""),
        ),
      );
    });
    return h("thead", null, h("tr", null, head));
  };

  /** A row of a table; `index` is its place among all rows, where some are not there. */
  bw.tableRow = (columns, row, index) =>
    h(
      "tr",
      { "aria-rowindex": index },
      columns.map((column, n) => {
        const props = { class: column.num ? "num" : column.wide ? "wide" : undefined, "data-label": column.label };
        return n === 0 ? h("th", { scope: "row", ...props }, column.cell(row)) : h("td", props, column.cell(row));
      }),
    );

  /** Columns are `{ key, label, cell(row), sort?, num?, wide? }`; the rest as of `tableHead`. */
  bw.table = ({ label, columns, rows, sorted, onsort }) =>
    h(
      "div",
      { class: "scroll", role: "region", "aria-label": label, tabindex: "0" },
      h("table", { class: "list", "aria-label": label }, bw.tableHead({ columns, sorted, onsort }), h("tbody", null, rows.map((row) => bw.tableRow(columns, row)))),
    );
})();
