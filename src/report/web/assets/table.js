// A table with sortable heads, and the steps from page to page.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;

  /**
   * Columns are `{ key, label, cell(row), sort?, num?, wide? }`. `sorted` is a key, or `-key` for downwards;
   * `onsort(next)` is called with another one.
   */
  bw.table = ({ label, columns, rows, sorted, onsort }) => {
    const head = columns.map((column) => {
      const kind = [column.num ? "num" : "", column.wide ? "wide" : ""].join(" ").trim() || undefined;
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
    return h(
      "div",
      { class: "scroll", role: "region", "aria-label": label, tabindex: "0" },
      h(
        "table",
        { class: "list", "aria-label": label },
        h("thead", null, h("tr", null, head)),
        h(
          "tbody",
          null,
          rows.map((row) =>
            h(
              "tr",
              null,
              columns.map((column, n) => {
                const props = { class: column.num ? "num" : column.wide ? "wide" : undefined, "data-label": column.label };
                return n === 0 ? h("th", { scope: "row", ...props }, column.cell(row)) : h("td", props, column.cell(row));
              }),
            ),
          ),
        ),
      ),
    );
  };

  /** `1–50 of 276` with the steps to the pages before and after. */
  bw.pager = ({ total, offset, limit, ongo }) => {
    const last = Math.min(total, offset + limit);
    const step = (text, to, can) =>
      h("button", { type: "button", disabled: !can, onclick: () => ongo(to) }, text);
    return h(
      "nav",
      { class: "pager", "aria-label": "Pages" },
      h("span", { class: "muted" }, total === 0 ? "none" : `${bw.number(offset + 1)}–${bw.number(last)} of ${bw.number(total)}`),
      total > limit ? [step("Previous", Math.max(0, offset - limit), offset > 0), step("Next", offset + limit, last < total)] : null,
    );
  };
})();
