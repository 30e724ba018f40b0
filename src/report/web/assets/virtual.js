// A long table of which only the rows that can be seen are in the page.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;
  /** Rows that come and go together. */
  const CHUNK = 25;
  /** Chunks that are asked for at once. */
  const AT_ONCE = 4;
  /** Answers that are kept. */
  const KEPT = 60;
  /** What a row takes until one was measured, in pixels. */
  const GUESS = 36;

  const spacer = () => h("tbody", { class: "spacer", "aria-hidden": "true" });

  /**
   * As `bw.table`, of `total` rows that `fetch(offset, limit)` brings; the first are given. `onfirst(n)` is told which
   * row is at the top of the screen. The listeners go with `signal`. Returns the element and what starts it at a row.
   */
  bw.virtual = ({ label, columns, total, first, sorted, onsort, fetch, onfirst, signal }) => {
    const count = Math.ceil(total / CHUNK);
    const heights = new Map();
    const bodies = new Map();
    const answers = new Map([[0, Promise.resolve(first)]]);
    const known = new Map([[0, first]]);
    const [above, below] = [spacer(), spacer()];
    const onPaper = h("p", { class: "paper" });
    const table = h("table", { class: "list", "aria-label": label, "aria-rowcount": total + 1 }, bw.tableHead({ columns, sorted, onsort }), above, below);
    const node = h("div", null, onPaper, h("div", { class: "scroll", role: "region", "aria-label": label, tabindex: "0" }, table));

    let average = GUESS * CHUNK;
    const rowsOf = (chunk) => Math.min(CHUNK, total - chunk * CHUNK);
    const heightOf = (chunk) => heights.get(chunk) ?? (average * rowsOf(chunk)) / CHUNK;

    const rowsAt = (chunk) => known.get(Math.floor(chunk / AT_ONCE))?.slice((chunk % AT_ONCE) * CHUNK, (chunk % AT_ONCE) * CHUNK + CHUNK);

    const ask = (chunk) => {
      const page = Math.floor(chunk / AT_ONCE);
      if (answers.has(page)) return;
      const answer = fetch(page * AT_ONCE * CHUNK, AT_ONCE * CHUNK);
      answers.set(page, answer);
      answer.then(
        (rows) => {
          known.set(page, rows);
          for (const old of [...known.keys()].slice(0, Math.max(0, known.size - KEPT))) {
            known.delete(old);
            answers.delete(old);
          }
          for (const [shown, body] of bodies) if (Math.floor(shown / AT_ONCE) === page) fill(body, shown);
          later();
        },
        (error) => {
          answers.delete(page);
          if (error.name === "AbortError") return;
          for (const [shown, body] of bodies) if (Math.floor(shown / AT_ONCE) === page) body.replaceChildren(h("tr", null, h("td", { colspan: columns.length }, bw.failure(error, () => ask(shown)))));
        },
      );
    };

    const fill = (body, chunk) => {
      const rows = rowsAt(chunk);
      if (!rows) {
        body.replaceChildren();
        body.setAttribute("aria-busy", "true");
        body.classList.add("spacer");
        body.style.height = `${heightOf(chunk)}px`;
        ask(chunk);
        return;
      }
      body.removeAttribute("aria-busy");
      body.classList.remove("spacer");
      body.style.height = "";
      body.replaceChildren(...rows.map((row, n) => bw.tableRow(columns, row, chunk * CHUNK + n + 2)));
    };

    /** The chunks between two heights, at least one. */
    const between = (from, to) => {
      let [y, begin, end] = [0, 0, 0];
      for (let chunk = 0; chunk < count; chunk += 1) {
        if (y <= from) begin = chunk;
        if (y < to) end = chunk;
        y += heightOf(chunk);
      }
      return [begin, Math.max(begin, end)];
    };

    const sum = (from, to) => {
      let height = 0;
      for (let chunk = from; chunk < to; chunk += 1) height += heightOf(chunk);
      return height;
    };

    const measure = () => {
      for (const [chunk, body] of bodies) if (!body.classList.contains("spacer")) heights.set(chunk, body.getBoundingClientRect().height);
      const whole = [...heights].filter(([chunk]) => rowsOf(chunk) === CHUNK).map(([, height]) => height);
      if (whole.length) average = whole.reduce((all, one) => all + one, 0) / whole.length;
    };

    const update = () => {
      if (!node.isConnected) return;
      measure();
      const top = -above.getBoundingClientRect().top;
      const margin = innerHeight / 2;
      const [begin, end] = between(top - margin, top + innerHeight + margin);
      for (const [chunk, body] of bodies) {
        if (chunk >= begin && chunk <= end) continue;
        body.remove();
        bodies.delete(chunk);
      }
      for (let chunk = begin; chunk <= end; chunk += 1) {
        if (bodies.has(chunk)) continue;
        const body = h("tbody");
        bodies.set(chunk, body);
        fill(body, chunk);
        const next = [...bodies.keys()].filter((other) => other > chunk).sort((a, b) => a - b)[0];
        (next === undefined ? below : bodies.get(next)).before(body);
      }
      above.style.height = `${sum(0, begin)}px`;
      below.style.height = `${sum(end + 1, count)}px`;
      const last = Math.min(total, (end + 1) * CHUNK);
      onPaper.textContent = begin === 0 && last === total ? "" : `Rows ${bw.number(begin * CHUNK + 1)}–${bw.number(last)} of ${bw.number(total)}.`;
      place(top);
    };

    /** Which row is at the top. */
    const place = bw.calmly(200, (top) => {
      if (!node.isConnected) return;
      let [y, chunk] = [0, 0];
      while (chunk < count - 1 && y + heightOf(chunk) <= top) y += heightOf(chunk++);
      const row = top <= 0 ? 0 : chunk * CHUNK + Math.floor(((top - y) / heightOf(chunk)) * rowsOf(chunk));
      onfirst?.(Math.max(0, Math.min(total - 1, row)));
    });

    let isWaiting = false;
    const later = () => {
      if (isWaiting) return;
      isWaiting = true;
      requestAnimationFrame(() => {
        isWaiting = false;
        update();
      });
    };
    addEventListener("scroll", later, { passive: true, signal });
    addEventListener("resize", later, { signal });

    // Until it is on the page there is nothing to measure: the first rows stand there.
    const body = h("tbody");
    bodies.set(0, body);
    fill(body, 0);
    below.before(body);
    // Who comes back to where they were needs the height at once.
    below.style.height = `${sum(1, count)}px`;

    const start = (row) => {
      later();
      if (!row || scrollY > 0) return;
      requestAnimationFrame(() => {
        const chunk = Math.floor(row / CHUNK);
        const y = sum(0, chunk) + (heightOf(chunk) * (row % CHUNK)) / rowsOf(chunk);
        scrollTo(0, scrollY + above.getBoundingClientRect().top + y);
      });
    };
    return { node, start };
  };
})();
