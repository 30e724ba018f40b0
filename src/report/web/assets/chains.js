// The ways to what somebody holds, without following each of them: as `src/report/path`.
(() => {
  "use strict";
  const bw = window.bw;
  const TOLD = 8;
  const LONGEST = 12;
  const LAST = 10;
  const FOUND = 1000;
  const STEPS = 2000;
  const SMALL = 12;
  const MOST = Number.MAX_SAFE_INTEGER;

  /** The knots of a graph, each after those it comes from. A knot is one node, or those that lie on circles with each other. */
  const inOrder = (nodes) => {
    const foundAt = new Map();
    const lowest = new Map();
    const waiting = [];
    const isWaiting = new Set();
    const order = [];
    for (const start of nodes.keys()) {
      if (foundAt.has(start)) continue;
      const way = [];
      let enter = start;
      for (;;) {
        if (enter !== null) {
          foundAt.set(enter, foundAt.size);
          lowest.set(enter, foundAt.get(enter));
          waiting.push(enter);
          isWaiting.add(enter);
          way.push({ node: enter, next: 0 });
          enter = null;
        }
        const open = way.at(-1);
        if (!open) break;
        const { node } = open;
        const from = nodes.get(node).from[open.next];
        if (from) {
          open.next += 1;
          if (from.shallow) continue;
          if (!foundAt.has(from.node)) enter = from.node;
          else if (isWaiting.has(from.node)) lowest.set(node, Math.min(lowest.get(node), foundAt.get(from.node)));
          continue;
        }
        way.pop();
        const before = way.at(-1)?.node;
        if (before !== undefined) lowest.set(before, Math.min(lowest.get(before), lowest.get(node)));
        if (lowest.get(node) !== foundAt.get(node)) continue;
        const members = [];
        for (let member = -1; member !== node; members.push(member)) {
          member = waiting.pop();
          isWaiting.delete(member);
        }
        order.push(members);
      }
    }
    return order;
  };

  /** How one principal holds what it holds. `nodes` maps each right to `{ direct, from: [{ node, shallow }], said }`, `before` orders rights by id. */
  bw.Chains = class Chains {
    constructor(nodes, before) {
      this.nodes = nodes;
      this.before = before;
      this.count();
      this.find();
    }

    count() {
      this.knot = new Map();
      this.ways = new Map();
      this.round = new Map();
      inOrder(this.nodes).forEach((members, number) => {
        for (const member of members) this.knot.set(member, number);
        for (const member of members) {
          const { direct, from } = this.nodes.get(member);
          let ways = direct ? 1 : 0;
          let round = members.length > 1 ? members.length : 0;
          for (const { node, shallow } of from) {
            if (shallow) ways += this.nodes.get(node).direct ? 1 : 0;
            else {
              const these = this.ways.get(node) ?? 0;
              ways += these;
              if (these > 0) round = Math.max(round, this.round.get(node) ?? 0);
            }
          }
          this.round.set(member, round);
          this.ways.set(member, Math.min(ways, MOST));
        }
        if (members.length > 1 && members.some((member) => this.ways.get(member) > 0)) for (const member of members) this.ways.set(member, 1);
      });
    }

    /** The shortest few ways to every node: length by length, in the order of ids. */
    find() {
      this.to = new Map();
      const ids = [...this.nodes.keys()].sort(this.before);
      const out = new Map();
      for (const target of ids) {
        for (const { node, shallow } of this.nodes.get(target).from) {
          if (!out.has(node)) out.set(node, []);
          out.get(node).push({ target, shallow });
        }
      }
      const add = (chain) => {
        if (!this.to.has(chain.node)) this.to.set(chain.node, []);
        const known = this.to.get(chain.node);
        if (known.length >= TOLD) return [];
        known.push(chain);
        return [chain];
      };
      const meets = (chain, node) => {
        for (let at = chain; at && this.knot.get(at.node) === this.knot.get(node); at = at.previous) if (at.node === node) return true;
        return false;
      };
      let level = ids.filter((node) => this.nodes.get(node).direct).flatMap((node) => add({ node, previous: null, first: node, length: 1 }));
      while (level.length) {
        const next = [];
        for (const chain of level) {
          for (const { target, shallow } of out.get(chain.node) ?? []) {
            if ((shallow && chain.length > 1) || meets(chain, target)) continue;
            next.push(...add({ node: target, previous: chain, first: chain.first, length: chain.length + 1 }));
          }
        }
        level = next;
      }
    }

    /** Every way to a node that meets none twice, as long as there are few; none where the circles are big. */
    followed(target) {
      if (this.round.get(target) > SMALL) return { isAll: false, ways: [] };
      const ways = [];
      const way = [{ node: target, next: 0 }];
      const met = new Set([target]);
      let steps = 0;
      const begin = (first) => {
        if (this.nodes.get(first ?? way.at(-1).node).direct) ways.push([...(first === undefined ? [] : [first]), ...way.map(({ node }) => node).reverse()]);
      };
      const isAll = () => {
        begin();
        while (way.length) {
          const open = way.at(-1);
          const from = this.nodes.get(open.node).from[open.next];
          if (!from) {
            met.delete(open.node);
            way.pop();
            continue;
          }
          open.next += 1;
          if (met.has(from.node) || !(this.ways.get(from.node) > 0)) continue;
          steps += this.nodes.get(from.node).direct ? way.length : 1;
          if (ways.length >= FOUND || steps > STEPS) return false;
          if (from.shallow) begin(from.node);
          else {
            met.add(from.node);
            way.push({ node: from.node, next: 0 });
            begin();
          }
        }
        return true;
      };
      const done = isAll();
      const byIds = (a, b) => {
        const n = a.findIndex((node, at) => node !== b[at]);
        return n < 0 ? 0 : this.before(a[n], b[n]);
      };
      return { isAll: done, ways: ways.sort((a, b) => a.length - b.length || byIds(a, b)) };
    }

    /** `{ chains, more, isLeast }`; a chain is `{ steps, leftOut }`, of which what is left out lies behind the first. */
    paths(node) {
      const one = this.nodes.get(node);
      const known = this.to.get(node) ?? [];
      if (known.length === 0) {
        const chains = one.said.slice(0, TOLD).map((source) => ({ steps: [source, node], leftOut: 0 }));
        return { chains, more: Math.max(0, one.said.length - TOLD), isLeast: false };
      }
      const told = (first, last, length) => {
        if (length <= LONGEST) return { steps: last, leftOut: 0 };
        const end = last.slice(-LAST);
        return { steps: [first, ...end], leftOut: length - 1 - end.length };
      };
      const shortest = () =>
        known.map((chain) => {
          const last = [];
          for (let at = chain; at && last.length < LONGEST; at = at.previous) last.unshift(at.node);
          return told(chain.first, last, chain.length);
        });
      let answer;
      if (this.round.get(node) > 0) {
        const { ways, isAll } = this.followed(node);
        answer = isAll
          ? { chains: ways.slice(0, TOLD).map((way) => told(way[0], way.slice(-LONGEST), way.length)), all: ways.length, isLeast: false }
          : { chains: shortest(), all: Math.max(ways.length, known.length), isLeast: true };
      } else answer = { chains: shortest(), all: this.ways.get(node), isLeast: this.ways.get(node) >= MOST };
      const isSame = (a, b) => a.leftOut === b.leftOut && a.steps.length === b.steps.length && a.steps.every((step, n) => step === b.steps[n]);
      const chains = answer.chains.filter((chain, n) => n === 0 || !isSame(chain, answer.chains[n - 1]));
      return { chains, more: Math.max(0, answer.all - chains.length), isLeast: answer.isLeast };
    }
  };
})();
