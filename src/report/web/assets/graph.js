// A small layered drawing: boxes from left to right, or from top to bottom where there is no room.
(() => {
  "use strict";
  const bw = window.bw;
  const { h, s } = bw;
  const BOX = { least: 120, most: 230, high: 46, gap: 12, between: 44, down: 28 };
  const MOST = 8;

  const ruler = document.createElement("canvas").getContext("2d");
  const widthOf = (text, font) => {
    if (!ruler) return text.length * 7;
    ruler.font = font;
    return ruler.measureText(text).width;
  };
  const FONT = "system-ui, sans-serif";

  /** As much of a text as fits. */
  const cut = (text, room, font) => {
    const all = Array.from(String(text).slice(0, 200));
    if (all.length === text.length && widthOf(text, font) <= room) return text;
    let [low, high] = [0, all.length];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (widthOf(`${all.slice(0, middle).join("")}…`, font) <= room) low = middle;
      else high = middle - 1;
    }
    return low === all.length ? all.join("") : `${all.slice(0, low).join("")}…`;
  };

  /** Puts each node into the layer behind all that lead to it. */
  const layersOf = (nodes, edges) => {
    const depth = new Map(nodes.map((node) => [node.key, 0]));
    for (let round = 0; round < nodes.length; round += 1) {
      let moved = false;
      for (const [from, to] of edges) {
        const next = depth.get(from) + 1;
        if (next > depth.get(to) && next < nodes.length) {
          depth.set(to, next);
          moved = true;
        }
      }
      if (!moved) break;
    }
    const last = Math.max(0, ...depth.values());
    const layers = Array.from({ length: last + 1 }, () => []);
    for (const node of nodes) layers[node.last ? last : depth.get(node.key)].push(node);
    return layers;
  };

  const box = (node, x, y, width) => {
    const pad = 10;
    const room = width - 2 * pad;
    const shape = [
      s("rect", { x, y, width, height: BOX.high, rx: 7 }),
      s("text", { class: "name", x: x + pad, y: y + 19 }, cut(node.name, room, `600 13px ${FONT}`)),
      s("text", { class: "sub", x: x + pad, y: y + 36 }, cut(node.caption ?? "", room, `11.5px ${FONT}`)),
      s("title", null, `${String(node.name).slice(0, 400)}${node.caption ? ` · ${node.caption}` : ""}`),
    ];
    const kind = `box ${node.kind ?? ""}`;
    return node.href ? s("a", { href: node.href, class: kind }, shape) : s("g", { class: kind }, shape);
  };

  const draw = (graph, width) => {
    const layers = layersOf(graph.nodes, graph.edges);
    const across = layers.length;
    const wide = Math.min(BOX.most, (width - (across - 1) * BOX.between) / across);
    const isFlat = wide >= BOX.least;
    const at = new Map();
    let [right, bottom] = [0, 0];
    if (isFlat) {
      const tallest = Math.max(...layers.map((layer) => layer.length));
      const high = tallest * (BOX.high + BOX.gap) - BOX.gap;
      layers.forEach((layer, n) => {
        const own = layer.length * (BOX.high + BOX.gap) - BOX.gap;
        layer.forEach((node, row) => {
          at.set(node.key, { x: n * (wide + BOX.between), y: (high - own) / 2 + row * (BOX.high + BOX.gap), width: wide });
        });
      });
      right = across * (wide + BOX.between) - BOX.between;
      bottom = high;
    } else {
      const indent = Math.min(22, width / 14);
      let y = 0;
      layers.forEach((layer, n) => {
        layer.forEach((node) => {
          const x = n * indent;
          at.set(node.key, { x, y, width: Math.min(BOX.most + 60, width - x) });
          y += BOX.high + BOX.gap;
        });
        y += BOX.down - BOX.gap;
      });
      right = width;
      bottom = y - BOX.down;
    }
    const lines = graph.edges.map(([from, to]) => {
      const [a, b] = [at.get(from), at.get(to)];
      if (isFlat) {
        const [x1, y1, x2, y2] = [a.x + a.width, a.y + BOX.high / 2, b.x - 5, b.y + BOX.high / 2];
        const bend = Math.max(16, (x2 - x1) / 2);
        return s("path", { class: "line", d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` });
      }
      const [x1, y1, x2, y2] = [a.x + 9, a.y + BOX.high, b.x - 4, b.y + BOX.high / 2];
      return s("path", { class: "line", d: `M${x1} ${y1}V${y2 - 8}Q${x1} ${y2} ${Math.min(x1 + 8, x2)} ${y2}H${x2}` });
    });
    const ends = graph.edges.map(([, to]) => {
      const b = at.get(to);
      const [x, y] = [b.x, b.y + BOX.high / 2];
      return s("path", { class: "tip", d: `M${x} ${y}l-7 -4v8z` });
    });
    const label = graph.label.slice(0, 2000);
    return s(
      "svg",
      { viewBox: `-1 -1 ${right + 2} ${bottom + 2}`, width: right + 2, height: bottom + 2, role: "group", "aria-label": label },
      lines,
      ends,
      graph.nodes.map((node) => {
        const { x, y, width: own } = at.get(node.key);
        return box(node, x, y, own);
      }),
    );
  };

  const waiting = new WeakMap();
  const watcher = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const width = Math.floor(contentRect.width);
      const known = waiting.get(target);
      if (!known || width === 0 || known.width === width) continue;
      known.width = width;
      target.replaceChildren(draw(known.graph, width));
    }
  });

  /**
   * Draws `{ nodes: [{ key, name, caption, href, kind }], edges: [[from, to]], label }`. `label` says the same in
   * words. A layer of more than eight boxes is the caller's mistake: it sums up what it has too many of.
   */
  bw.graph = (graph) => {
    const figure = h("figure", { class: "graph" });
    waiting.set(figure, { graph, width: 0 });
    watcher.observe(figure);
    return figure;
  };
  bw.graph.MOST = MOST;
})();
