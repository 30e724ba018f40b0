// A small layered drawing: boxes from left to right, or from top to bottom where there is no room.
(() => {
  "use strict";
  const bw = window.bw;
  const { h, s } = bw;
  const BOX = { least: 112, most: 320, high: 46, gap: 12, between: 46, near: 26, far: 150, down: 28, pass: 14, pad: 10 };

  const ruler = document.createElement("canvas").getContext("2d");
  const widthOf = (text, font) => {
    if (!ruler) return text.length * 7;
    ruler.font = font;
    return ruler.measureText(text).width;
  };
  const FONT = "system-ui, sans-serif";

  /** As much of a text as fits. */
  const cut = (text, room, font) => {
    const all = Array.from(text.slice(0, 200));
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

  const NAME = `600 13px ${FONT}`;
  const SUB = `11.5px ${FONT}`;

  const natural = (node) => {
    if (node.pass) return 0;
    const text = Math.max(widthOf(node.name.slice(0, 80), NAME), widthOf((node.caption ?? "").slice(0, 80), SUB));
    return Math.max(BOX.least, Math.min(BOX.most, Math.ceil(text) + 2 * BOX.pad + 2));
  };

  /** Takes from the widest until all fit. */
  const fitted = (widths, room) => {
    const fit = [...widths];
    let over = fit.reduce((sum, width) => sum + width, 0) - room;
    while (over > 0.5) {
      const widest = Math.max(...fit);
      const among = fit.filter((width) => width === widest).length;
      const next = Math.max(BOX.least, ...fit.filter((width) => width < widest));
      const step = Math.min(widest - next || over / among, over / among);
      fit.forEach((width, n) => {
        if (width === widest) fit[n] = width - step;
      });
      over -= step * among;
    }
    return fit;
  };

  const box = (node, { x, y, width }) => {
    const room = width - 2 * BOX.pad;
    const shape = [
      s("rect", { x, y, width, height: BOX.high, rx: 7 }),
      s("text", { class: "name", x: x + BOX.pad, y: y + (node.caption ? 19 : 28) }, cut(node.name, room, NAME)),
      node.caption ? s("text", { class: "sub", x: x + BOX.pad, y: y + 36 }, cut(node.caption, room, SUB)) : null,
      s("title", null, `${node.name.slice(0, 400)}${node.caption ? ` · ${node.caption.slice(0, 400)}` : ""}`),
    ];
    const kind = `box ${node.kind ?? ""}`;
    return node.href ? s("a", { href: node.href, class: kind }, shape) : s("g", { class: kind }, shape);
  };

  /** Where an edge skips a layer, something invisible keeps a place for it there. */
  const withPasses = (layers, edges) => {
    const layerOf = new Map(layers.flatMap((layer, n) => layer.map((node) => [node.key, n])));
    const all = layers.map((layer) => [...layer]);
    const short = [];
    for (const [from, to] of edges) {
      let last = from;
      for (let n = layerOf.get(from) + 1; n < layerOf.get(to); n += 1) {
        const key = `pass ${n} ${to}`;
        if (!all[n].some((node) => node.key === key)) all[n].push({ key, pass: true });
        short.push([last, key]);
        last = key;
      }
      short.push([last, to]);
    }
    const known = new Set();
    const once = short.filter((edge) => !known.has(edge.join("\n")) && known.add(edge.join("\n")));
    return { layers: all, edges: once };
  };

  const across = (graph, width) => {
    const { layers, edges } = withPasses(layersOf(graph.nodes, graph.edges), graph.edges);
    const wanted = layers.map((layer) => Math.max(...layer.map(natural)));
    const free = (width - 2 - wanted.reduce((sum, own) => sum + own, 0)) / Math.max(1, layers.length - 1);
    const between = Math.max(BOX.near, Math.min(graph.isWhole ? BOX.far : BOX.between, free));
    const room = width - 2 - (layers.length - 1) * between;
    if (room < layers.length * BOX.least) return null;
    const widths = fitted(wanted, room);
    const highOf = (node) => (node.pass ? BOX.pass : BOX.high);
    const heights = layers.map((layer) => layer.reduce((sum, node) => sum + highOf(node) + BOX.gap, -BOX.gap));
    const high = Math.max(...heights);
    const at = new Map();
    let x = 0;
    layers.forEach((layer, n) => {
      let y = (high - heights[n]) / 2;
      for (const node of layer) {
        at.set(node.key, { x, y, width: widths[n], middle: y + highOf(node) / 2, pass: node.pass });
        y += highOf(node) + BOX.gap;
      }
      x += widths[n] + between;
    });
    const lines = edges.map(([from, to]) => {
      const [a, b] = [at.get(from), at.get(to)];
      const [x1, x2] = [a.x + a.width, b.pass ? b.x : b.x - 5];
      const bend = (x2 - x1) / 2;
      const on = b.pass ? `H${b.x + b.width}` : "";
      return s("path", { class: "line", d: `M${x1} ${a.middle}C${x1 + bend} ${a.middle} ${x2 - bend} ${b.middle} ${x2} ${b.middle}${on}` });
    });
    return { at, lines, width: x - between, height: high };
  };

  /** From the only box of a layer a line goes down on the left; from one of several on the right, past the others. */
  const down = (graph, width) => {
    const layers = layersOf(graph.nodes, graph.edges);
    const isChain = layers.every((layer) => layer.length === 1);
    const [indent, margin] = [Math.min(20, width / 16), isChain ? 0 : 18];
    const at = new Map();
    let y = 0;
    layers.forEach((layer, n) => {
      for (const node of layer) {
        const x = n * indent;
        const own = Math.min(BOX.most, width - 2 - margin - x);
        at.set(node.key, { x, y, width: own, middle: y + BOX.high / 2, isAlone: layer.length === 1 });
        y += BOX.high + BOX.gap;
      }
    });
    const right = Math.max(...[...at.values()].map((place) => place.x + place.width)) + margin - 4;
    const backward = new Set();
    const lines = graph.edges.map(([from, to]) => {
      const [a, b] = [at.get(from), at.get(to)];
      if (!a.isAlone) {
        backward.add(to);
        return s("path", { class: "line", d: `M${a.x + a.width} ${a.middle}H${right}V${b.middle}H${b.x + b.width + 5}` });
      }
      const [x1, y1, x2, y2] = [a.x + 9, a.y + BOX.high, b.x - 4, b.middle];
      return s("path", { class: "line", d: `M${x1} ${y1}V${y2 - 7}Q${x1} ${y2} ${Math.min(x1 + 7, x2)} ${y2}H${x2}` });
    });
    return { at, lines, backward, width, height: y - BOX.gap };
  };

  const draw = (graph, width) => {
    const wide = across(graph, width);
    // Many ways that part and join again cannot be told apart from top to bottom: then words say it.
    if (!wide && graph.isWhole) return h("p", { class: "muted small" }, bw.stranger(graph.label, 600));
    const { at, lines, backward, ...size } = wide ?? down(graph, width);
    const entered = new Set(graph.edges.map(([, to]) => to));
    const tips = [...entered].map((key) => {
      const { x, middle, width: own } = at.get(key);
      return s("path", { class: "tip", d: backward?.has(key) ? `M${x + own} ${middle}l7 -4v8z` : `M${x} ${middle}l-7 -4v8z` });
    });
    return s(
      "svg",
      {
        viewBox: `-1 -1 ${size.width + 2} ${size.height + 2}`, width: size.width + 2, height: size.height + 2,
        role: "group", "aria-label": graph.label.slice(0, 2000),
      },
      lines,
      tips,
      graph.nodes.map((node) => box(node, at.get(node.key))),
    );
  };

  const waiting = new WeakMap();
  const watcher = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const width = Math.floor(contentRect.width);
      const known = waiting.get(target);
      if (!known || width === 0 || known.width === width) continue;
      known.width = width;
      // The drawing grows with the letters around it.
      const scale = Math.max(1, parseFloat(getComputedStyle(document.documentElement).fontSize) / 15);
      const drawing = draw(known.graph, Math.floor(width / scale));
      if (scale > 1 && drawing instanceof SVGElement) {
        for (const side of ["width", "height"]) drawing.setAttribute(side, Number(drawing.getAttribute(side)) * scale);
      }
      target.replaceChildren(drawing);
    }
  });

  /**
   * Draws `{ nodes: [{ key, name, caption, href, kind }], edges: [[from, to]], label }`. `label` says the same in
   * words; `isWhole` marks a drawing that has many ways at once. It draws what it is given: a caller sums up what there is too much of.
   */
  bw.graph = (graph) => {
    const figure = h("figure", { class: "graph" });
    const nodes = graph.nodes.map((node) => ({ ...node, name: bw.seen(node.name), caption: bw.seen(node.caption) }));
    waiting.set(figure, { graph: { ...graph, nodes }, width: 0 });
    watcher.observe(figure);
    return figure;
  };
})();
