// From rows of access to what a person takes in at a glance: what has the same way there is told once.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;

  const counts = (map, key, make) => {
    if (!map.has(key)) map.set(key, make());
    return map.get(key);
  };

  /** What a row leads to. */
  bw.targetOf = (row) => row.reached ?? row.right.resource;

  const wayOf = (row) => row.reach ?? "on";

  /** The steps that bring it: those before the last of each path, and the last one too where it is held elsewhere. Empty is: given directly. */
  const stepsOf = (row) => row.paths.map((path) => (row.reached ? path : path.slice(0, -1)));

  /** Ways to a thing that are no grants on it, with what they are called from either end. */
  const WAYS = [
    ["above", { on: "By what is held on what it lies in", of: "By what is held on what they lie in" }],
    ["inside", { on: "By what is held on something in it", of: "By what is held on something in them" }],
    ["scope", { on: "By a scope", of: "By its scope" }],
    ["self-granting", { on: "Can give themselves access", of: "Can give themselves access to" }],
  ];

  const isUnknown = (row) => row.paths.length === 0;

  const wayKey = (row) => (isUnknown(row) ? "?" : JSON.stringify(stepsOf(row).map((way) => way.map((right) => [right.id, right.leftOut ?? 0]))));

  const isGiven = (row) => row.paths.length === 1 && row.paths[0].length === 1;

  /** Rows in groups, in the order in which they come. */
  const groupsBy = (rows, keyOf) => {
    const groups = new Map();
    for (const row of rows) counts(groups, keyOf(row), () => []).push(row);
    return [...groups.values()];
  };

  /** Whether there is no way to it but through the group that holds everybody. */
  bw.isThroughEveryone = (row, everyone) => {
    const ways = stepsOf(row);
    return ways.length > 0 && ways.every((way) => way.some(({ resource }) => everyone.has(`${resource.type}:${resource.id}`)));
  };

  const sectionsBy = (rows, aboutOf, keyOf, everyone, placeOf) =>
    groupsBy(rows, (row) => aboutOf(row).type).map((own) => {
      const isPlain = (group) => stepsOf(group[0]).some((way) => way.length === 0);
      const isLast = (group) => bw.isThroughEveryone(group[0], everyone);
      const groups = groupsBy(own, keyOf).sort((a, b) => placeOf(a[0]) - placeOf(b[0]) || isLast(a) - isLast(b) || isPlain(b) - isPlain(a) || b.length - a.length);
      return { typeName: aboutOf(own[0]).typeName, rows: own, groups };
    });

  /**
   * Rows in sections, `{ typeName, rows, groups }`, and what of them was just given: `given` holds one group per type.
   * The rows of a group have the same ways. Who reaches something comes in the order of the rows, which is that of power;
   * then what comes directly, then what brings most, last what everybody has.
   */
  bw.grouped = (rows, side, everyone) => {
    const isOn = side === "on";
    const key = isOn ? (row) => `${row.right.id} ${wayKey(row)}` : wayKey;
    const about = isOn ? (row) => row.principal : bw.targetOf;
    const places = new Map();
    for (const { right } of rows) counts(places, right.id, () => places.size);
    const placeOf = isOn ? ({ right }) => places.get(right.id) : () => 0;
    const sections = (some, keyOf = key) => sectionsBy(some, about, keyOf, everyone, placeOf);
    const own = rows.filter((row) => wayOf(row) === "on");
    const others = WAYS.flatMap(([way, title]) => {
      const some = rows.filter((row) => wayOf(row) === way);
      return sections(some, way === "scope" ? (row) => row.right.name : key).map((section) => ({ ...section, title: title[side], way }));
    });
    if (isOn) return { given: [], sections: [...sections(own), ...others] };
    const given = groupsBy(own.filter(isGiven), (row) => row.right.resource.type);
    return { given, sections: [...sections(own.filter((row) => !isGiven(row))), ...others] };
  };

  const stepLink = (right) => h("span", { class: "step", title: bw.short(`${bw.rightName(right)} · ${right.resource.typeName}`) }, bw.link(right.resource, 80));

  const arrow = () => h("span", { class: "to", "aria-label": "then" }, " → ");

  /** What lies between two steps of a long way and is not told. */
  const leftOut = ({ leftOut: number }) => (number ? `… ${bw.count(number, "more step")} …` : null);

  const wayWords = (way) => way.map((right, n) => [n ? arrow() : null, leftOut(right) ? [leftOut(right), arrow()] : null, stepLink(right)]);

  /** How somebody comes to it, in words: `given directly`, `through Finance`, `through Finance, or through Sales`. */
  bw.how = (row, { told = 3, isStart = false } = {}) => {
    if (wayOf(row) === "scope") return h("span", { class: "how" }, isStart ? "Scope: " : "by its scope: ", bw.stranger(row.right.name, 80));
    if (isUnknown(row)) return h("span", { class: "muted" }, isStart ? "From something the file does not name" : "from something the file does not name");
    const ways = stepsOf(row);
    const parts = ways.slice(0, told).map((way, n) => [
      n === 0 ? "" : ", and ",
      n === 0 && isStart ? (way.length === 0 ? "Given directly" : ["Through ", wayWords(way)]) : way.length === 0 ? "given directly" : ["through ", wayWords(way)],
    ]);
    const rest = ways.length - Math.min(told, ways.length) + (row.morePaths ?? 0);
    return h("span", { class: "how" }, parts, rest > 0 ? `, and in ${row.morePathsAtLeast ? "at least " : ""}${bw.count(rest, "other way")}` : row.morePathsAtLeast ? ", and perhaps in other ways" : null);
  };

  const wordsOfPath = (who, path) => [who, ...path.flatMap((right) => [leftOut(right) ?? [], `${bw.short(bw.rightName(right))} (${bw.short(bw.told(right.resource))})`].flat())].join(", then ");

  /** The drawing of one group: who, through what, to what. `one` and `many` name the two ends where they are several. */
  bw.wayGraph = (rows, nouns, isCut) => {
    const first = rows[0];
    const nodes = new Map();
    const edges = new Map();
    const put = (node) => counts(nodes, node.key, () => node);
    const lead = (from, to) => edges.set(`${from}\n${to}`, [from, to]);
    const ofThing = (thing, extra) => ({ name: bw.told(thing), caption: thing.typeName, href: bw.hrefOf(thing), ...extra });

    const people = new Set(rows.map((row) => `${row.principal.type}:${row.principal.id}`)).size;
    put(
      people === 1
        ? ofThing(first.principal, { key: "who", kind: "who" })
        : { key: "who", kind: "who", name: bw.count(people, bw.lower(people, first.principal.typeName), isCut), caption: "listed here" },
    );
    const targets = new Set(rows.map((row) => bw.targetOf(row).id)).size;
    const isOne = new Set(rows.map((row) => `${row.right.id} ${bw.targetOf(row).id}`)).size === 1;
    const target = bw.targetOf(first);
    const end =
      isOne
        ? { key: "end", kind: "end", name: bw.told(target), caption: first.reached ? target.typeName : bw.rightName(first.right), href: bw.hrefOf(target), last: true }
        : { key: "end", kind: "end", name: bw.count(targets, bw.lower(targets, nouns), isCut), caption: "listed here", last: true };
    for (const way of stepsOf(first)) {
      let from = "who";
      for (const right of way) {
        const key = `right ${right.id}`;
        put({ key, name: bw.told(right.resource), caption: bw.rightName(right), href: bw.hrefOf(right.resource) });
        if (leftOut(right)) {
          const gap = `left out ${from} ${key}`;
          put({ key: gap, kind: "plain", name: leftOut(right), caption: "" });
          lead(from, gap);
          from = gap;
        }
        lead(from, key);
        from = key;
      }
      if (way.length === 0) {
        put({ key: "given", kind: "plain", name: "Given directly", caption: "" });
        lead("who", "given");
        from = "given";
      }
      lead(from, "end");
    }
    nodes.set("end", end);
    const who = bw.short(nodes.get("who").name);
    const label = first.paths.map((path) => wordsOfPath(who, isOne ? path : path.slice(0, -1))).join("; or ");
    return bw.graph({ nodes: [...nodes.values()], edges: [...edges.values()], label: isOne ? label : `${label}, to ${end.name}` });
  };

  /** Keeps the biggest few of a layer and sums up the rest. */
  const few = (entries, most, noun) => {
    const sorted = [...entries].sort((a, b) => b.weight - a.weight);
    if (sorted.length <= most) return { kept: sorted, rest: null };
    const rest = sorted.slice(most - 1);
    return { kept: sorted.slice(0, most - 1), rest: { key: "rest", name: `${bw.number(rest.length)} more ${noun}`, caption: "listed below", of: new Set(rest.map((entry) => entry.key)) } };
  };

  /** The whole of it in one drawing: what a principal is given, and what that brings, as numbers. */
  bw.reachGraph = (principal, all, isCut) => {
    const rows = all.filter((row) => wayOf(row) === "on");
    const givers = new Map();
    for (const row of rows) {
      for (const path of row.paths) {
        if (path.length < 2) continue;
        const right = path[0];
        const key = `right ${right.id}`;
        counts(givers, key, () => ({ key, right, weight: 0 })).weight += 1;
      }
    }
    const { kept, rest } = few(givers.values(), 6, "givers");
    const keyOf = (right) => (rest?.of.has(`right ${right.id}`) ? rest.key : `right ${right.id}`);
    const nodes = [{ key: "who", kind: "who", name: bw.told(principal), caption: principal.typeName, href: bw.hrefOf(principal) }];
    const edges = new Map();
    const lead = (from, to) => edges.set(`${from}\n${to}`, [from, to]);
    const ends = new Map();
    for (const row of rows) {
      if (givers.has(`right ${row.right.id}`)) continue;
      const { type, typeName } = row.right.resource;
      const end = counts(ends, `end ${type}`, () => ({ key: `end ${type}`, typeName, things: new Set() }));
      end.things.add(row.right.resource.id);
      for (const path of row.paths) lead(path.length < 2 ? "who" : keyOf(path[0]), end.key);
    }
    for (const { key, right } of kept) {
      nodes.push({ key, name: bw.told(right.resource), caption: bw.rightName(right), href: bw.hrefOf(right.resource) });
      lead("who", key);
    }
    if (rest) {
      nodes.push(rest);
      lead("who", rest.key);
    }
    for (const { key, typeName, things } of [...ends.values()].slice(0, 6)) {
      nodes.push({ key, kind: "end", last: true, name: bw.count(things.size, bw.lower(things.size, typeName), isCut), caption: "listed below" });
    }
    const known = new Set(nodes.map((node) => node.key));
    const drawn = [...edges.values()].filter(([from, to]) => known.has(from) && known.has(to));
    // Where nothing brings anything, the lists say it all.
    if (kept.length === 0) return null;
    const label = `${bw.short(bw.told(principal))} reaches ${nodes.filter((node) => node.kind === "end").map((node) => node.name).join(", ")}${kept.length ? ` through ${kept.map(({ right }) => bw.short(bw.told(right.resource))).join(", ")}` : ""}`;
    return bw.graph({ nodes, edges: drawn, label, isWhole: true });
  };

  /** The same from the other end: in which ways people come to a resource, and what they get there. */
  bw.entryGraph = (resource, all, isCut) => {
    const rows = all.filter((row) => ["on", "above", "inside"].includes(wayOf(row)));
    const entries = new Map();
    const rights = new Map();
    const edges = new Map();
    const lead = (from, to) => edges.set(`${from}\n${to}`, [from, to]);
    // Whoever passes it on is a way, not an end.
    const passing = new Set(rows.flatMap((row) => row.paths.filter((path) => path.length > 1).map(([{ resource }]) => `${resource.type}:${resource.id}`)));
    const accounts = rows.filter(({ principal }) => !passing.has(`${principal.type}:${principal.id}`));
    for (const row of accounts) {
      const who = `${row.principal.type}:${row.principal.id}`;
      const end = `right ${row.right.id}`;
      counts(rights, end, () => ({ key: end, right: row.right, who: new Set() })).who.add(who);
      for (const path of row.paths) {
        const right = path.length > 1 ? path[0] : null;
        const key = right ? `by ${right.id}` : "direct";
        const entry = counts(entries, key, () => ({ key, right, who: new Set(), ends: new Set() }));
        entry.who.add(who);
        entry.ends.add(end);
      }
    }
    const nouns = new Set(accounts.map((row) => row.principal.typeName));
    const noun = nouns.size === 1 ? [...nouns][0] : "holder";
    const caption = (set) => bw.count(set.size, bw.lower(set.size, noun), isCut);
    const weigh = (map) => [...map.values()].map((entry) => ({ ...entry, weight: entry.who.size }));
    const { kept, rest } = few(weigh(entries), 6, "ways in");
    kept.sort((a, b) => (a.right ? 1 : 0) - (b.right ? 1 : 0));
    const ends = few(weigh(rights), 6, "rights");
    const isOne = rights.size === 1;
    const endKey = (end) => (isOne ? "end" : ends.rest?.of.has(end) ? "rest of rights" : end);
    const nodes = kept.map(({ key, right, who }) =>
      right
        ? { key, name: bw.told(right.resource), caption: caption(who), href: bw.hrefOf(right.resource) }
        : { key, kind: "who", name: "Given directly", caption: caption(who) },
    );
    if (rest) nodes.push(rest);
    for (const [key, entry] of entries) {
      for (const end of entry.ends) lead(rest?.of.has(key) ? rest.key : key, endKey(end));
    }
    if (!isOne) {
      for (const { key, right, who } of ends.kept) {
        nodes.push({ key, name: bw.rightName(right), caption: caption(who) });
        lead(key, "end");
      }
      if (ends.rest) {
        nodes.push({ ...ends.rest, key: "rest of rights" });
        lead("rest of rights", "end");
      }
    }
    if (nodes.length === 0 || ![...entries.values()].some(({ right }) => right)) return null;
    nodes.push({ key: "end", kind: "end", last: true, name: bw.told(resource), caption: resource.typeName, href: bw.hrefOf(resource) });
    const label = `Ways to ${bw.short(bw.told(resource))}: ${kept.map((entry) => `${bw.short(entry.right ? bw.told(entry.right.resource) : "given directly")}, ${caption(entry.who)}`).join("; ")}`;
    return bw.graph({ nodes, edges: [...edges.values()], label, isWhole: true });
  };
})();
