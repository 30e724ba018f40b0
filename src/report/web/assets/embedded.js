// Answers from the data inside the report, by the rules by which the program answers.
(() => {
  "use strict";
  const bw = window.bw;
  const SHALLOW = 1;
  const IDLE = 2;
  const DIRECT = 1;
  const USERS = 2;
  const PROJECT = 1;
  const REMEMBERED = 400;
  const CUT =
    "There is more in this sync than fits into one page, so this report tells the numbers and the people. " +
    "To follow access, run `baton-workato explore` on the file.";

  /** Order of code points, which is the order of UTF-8 bytes. */
  const compare = (a, b) => {
    const least = Math.min(a.length, b.length);
    for (let n = 0; n < least; n += 1) {
      const [x, y] = [a.charCodeAt(n), b.charCodeAt(n)];
      if (x === y) continue;
      const [isHalfX, isHalfY] = [x >= 0xd800 && x < 0xe000, y >= 0xd800 && y < 0xe000];
      return isHalfX === isHalfY ? x - y : isHalfX ? 1 : -1;
    }
    return a.length - b.length;
  };

  /** Lists of texts and numbers. */
  const compareAll = (x, y) => {
    for (let n = 0; n < x.length; n += 1) {
      const order = typeof x[n] === "number" ? (x[n] === y[n] ? 0 : x[n] < y[n] ? -1 : 1) : compare(x[n], y[n]);
      if (order !== 0) return order;
    }
    return 0;
  };

  /** What somebody typed, as words in lower case. Any order is fine, all must occur. */
  const wordsOf = (text) => String(text ?? "").toLowerCase().split(/\s+/).filter(Boolean);

  const isAscii = (text) => !/[^\u0000-\u007f]/.test(text);

  /** With or without the marks of letters. */
  const occurs = (word, text) => text.includes(word) || (!(isAscii(text) && isAscii(word)) && bw.folded(text).includes(bw.folded(word)));

  const fits = (words, texts) => words.every((word) => texts.some((text) => occurs(word, text)));

  /** How many characters two texts differ in. */
  const edits = (a, b) => {
    let row = Array.from({ length: b.length + 1 }, (_, n) => n);
    a.forEach((x, n) => {
      const next = [n + 1];
      b.forEach((y, m) => next.push(Math.min(row[m] + (x === y ? 0 : 1), row[m + 1] + 1, next[m] + 1)));
      row = next;
    });
    return row.at(-1);
  };

  const WORDS = 10;

  /** How far a name is from what was typed with a slip, where it is near: as a whole, else as many of its words. */
  const slip = (name, typed) => {
    const [text, other] = [[...name], [...typed]];
    const most = Math.max(1, Math.floor(other.length / 3));
    if (Math.abs(text.length - other.length) <= most) {
      const whole = edits(text, other);
      if (whole <= most) return whole;
    }
    if (other.length < 4) return null;
    const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
    const count = Math.max(1, wordsOf(typed).length);
    const quarter = Math.floor(other.length / 4);
    let least = null;
    for (let n = 0; n + count <= words.length; n += 1) {
      const part = [...words.slice(n, n + count).join(" ")];
      if (Math.abs(part.length - other.length) > quarter) continue;
      const distance = edits(part, other);
      if (distance <= Math.max(1, quarter) && (least === null || distance < least)) least = distance;
    }
    return least === null ? null : WORDS + least;
  };

  /** Whether each word is the beginning of one of the text's. */
  const wordsBegin = (words, text, lines) => {
    const parts = text.split(/[^\p{L}\p{N}]+/u);
    return words.every((word) => [...parts, ...lines].some((part) => part.startsWith(bw.folded(word))));
  };

  const column = (packed, size) => {
    if (Array.isArray(packed)) return packed.length ? packed : new Array(size).fill(null);
    if (packed.n !== undefined) return new Array(packed.n).fill(packed.d[0]);
    return packed.i.map((at) => packed.d[at]);
  };

  /** As a map of a few thousand: the oldest goes. */
  const remember = (map, key, value) => {
    if (map.size >= REMEMBERED) map.delete(map.keys().next().value);
    map.set(key, value);
    return value;
  };

  const at = (map, key, make) => {
    let value = map.get(key);
    if (value === undefined) map.set(key, (value = make()));
    return value;
  };

  class Embedded {
    constructor(overview, data, changes) {
      this.told = overview;
      this.changed = changes;
      this.isCut = data.isCut;
      this.types = data.types;
      this.readThings(data);
      this.readRights(data.entitlements);
      this.readGrants(data);
      this.readWays(data.ways);
      this.heldBy = new Map();
      this.holdersOf = new Map();
    }

    readThings({ blocks, ghosts }) {
      this.resources = [];
      this.known = new Map();
      this.children = new Map();
      this.sizes = new Map(blocks.map((block) => [block.type, block.size]));
      for (const block of blocks) {
        const [id, name] = [column(block.id, block.size), column(block.name, block.size)];
        const [parent, description, holds, environment, apart] = [block.parent, block.description, block.holds, block.environment, block.apart].map((c) => column(c, block.size));
        const account = block.account && Object.entries(block.account).map(([key, packed]) => [key, column(packed, block.size)]);
        const profile = Object.entries(block.profile).map(([key, packed]) => [key, column(packed, block.size)]);
        for (let n = 0; n < block.size; n += 1) {
          const kind = account?.find(([key]) => key === "accountType")[1][n];
          this.put(block.type, id[n], name[n], {
            environment: environment[n], apart: apart[n],
            parent: parent[n], description: description[n], holds: holds[n] ?? 0,
            account: kind === null || kind === undefined ? null : Object.fromEntries(account.map(([key, values]) => [key, values[n]])),
            profile: () => Object.fromEntries(profile.map(([key, values]) => [key, values[n]]).filter(([, value]) => value !== null)),
          });
        }
      }
      this.stored = this.resources.length;
      for (const [type, id] of ghosts) this.put(type, id, id, { parent: null, holds: 0, account: null, profile: () => ({}) });
    }

    put(type, id, name, { environment, apart, ...more }) {
      const number = this.resources.length;
      const [typeId, typeName] = this.types[type];
      const thing = { type: typeId, typeName, id, name };
      if (environment) thing.environment = environment;
      if (apart) thing.apart = apart;
      this.resources.push({ number, kind: type, thing, ...more });
      this.known.set(`${typeId}\n${id}`, number);
      if (more.parent !== null && more.parent !== undefined) at(this.children, more.parent, () => []).push(number);
    }

    readRights(table) {
      const size = table.resource.length;
      const [slug, name, id, apart] = [table.slug, table.name, table.id, table.apart].map((c) => column(c, size));
      this.rights = table.resource.map((on, n) => {
        const { thing } = this.resources[on];
        const right = { id: id[n] ?? `${thing.type}:${thing.id}:${slug[n]}`, slug: slug[n], name: name[n], resource: thing };
        return apart[n] ? { ...right, apart: apart[n] } : right;
      });
      this.rightsAt = table.resource;
      this.grantsOf = table.grants;
      this.rightsOn = new Map();
      table.resource.forEach((on, n) => at(this.rightsOn, on, () => []).push(n));
      this.storedRights = table.stored;
    }

    readGrants({ edges, direct, odd, absent }) {
      this.into = new Map();
      this.out = new Map();
      for (const [source, target, does, kinds] of edges) {
        const edge = { source, target, shallow: (does & SHALLOW) !== 0, idle: (does & IDLE) !== 0, kinds };
        at(this.into, target, () => []).push(edge);
        at(this.out, source, () => []).push(edge);
      }
      this.givenTo = new Map();
      this.givenOf = new Map();
      for (const [right, immutable, ...steps] of direct) {
        const who = at(this.givenOf, right, () => new Map());
        let principal = 0;
        for (const step of steps) {
          principal += step;
          who.set(principal, immutable === 1);
          at(this.givenTo, principal, () => []).push(right);
        }
      }
      this.oddOf = new Map();
      this.oddTo = new Map();
      for (const [principal, right, id, immutable, sources] of odd) {
        at(this.oddOf, right, () => new Set()).add(principal);
        const rows = at(at(this.oddTo, principal, () => new Map()), right, () => []);
        const isDirect = sources.length === 0 || sources.includes(right);
        rows.push({ id, immutable: immutable === 1, direct: isDirect, sources });
      }
      this.absent = new Set(absent.map(([principal, right]) => this.pair(principal, right)));
    }

    /** What lets people to a thing besides grants on it. The program has decided it; here it is looked up. */
    readWays({ words, entries, doors, scopes, unknown, leftOut, rolePower, rightPower }) {
      this.words = words;
      this.leftOut = leftOut;
      this.rolePower = new Map(rolePower);
      this.rightPower = new Map(rightPower);
      this.entries = new Map(
        entries.map(([number, d, s, u, top]) => [number, { number, doors: doors[d], scopes: scopes[s], unknown: unknown[u], top }]),
      );
      this.tops = [...this.entries.values()].filter(({ top }) => top);
    }

    pair(principal, right) {
      return principal * this.rights.length + right;
    }

    passes(edge, kind) {
      return edge.kinds.length === 0 || edge.kinds.includes(kind);
    }

    /** What a principal holds: by right, whether it was given and what it names as sources. */
    held(principal) {
      const known = this.heldBy.get(principal);
      if (known) return known;
      const held = new Map();
      for (const right of this.givenTo.get(principal) ?? []) {
        held.set(right, { direct: true, sources: new Set() });
      }
      const odd = this.oddTo.get(principal) ?? new Map();
      for (const [right, rows] of odd) {
        const direct = rows.some((row) => row.direct);
        const sources = new Set(rows.flatMap((row) => row.sources));
        if (direct && sources.size) sources.add(right);
        held.set(right, { direct, sources });
      }
      const { kind } = this.resources[principal];
      const next = [...held.keys()];
      for (let right = next.pop(); right !== undefined; right = next.pop()) {
        const isDirect = held.get(right).direct;
        for (const edge of this.out.get(right) ?? []) {
          if (edge.idle || (edge.shallow && !isDirect) || !this.passes(edge, kind)) continue;
          if (odd.has(edge.target) || this.absent.has(this.pair(principal, edge.target))) continue;
          let target = held.get(edge.target);
          if (!target) {
            target = { direct: false, sources: new Set() };
            held.set(edge.target, target);
            next.push(edge.target);
          }
          target.sources.add(right);
        }
      }
      for (const [right, one] of held) if (one.direct && one.sources.size) one.sources.add(right);
      return remember(this.heldBy, principal, held);
    }

    /** Everybody who holds a right. What it comes from is asked first, so nothing is asked twice. */
    holders(right) {
      const known = this.holdersOf.get(right);
      if (known) return known;
      const all = new Map();
      const open = [{ right, next: 0 }];
      const met = new Set([right]);
      while (open.length) {
        const last = open.at(-1);
        const edge = this.into.get(last.right)?.[last.next];
        last.next += 1;
        if (edge && !edge.idle && !met.has(edge.source)) {
          met.add(edge.source);
          open.push({ right: edge.source, next: 0 });
        }
        if (edge) continue;
        all.set(last.right, this.holdersBy(last.right, all));
        open.pop();
      }
      return remember(this.holdersOf, right, all.get(right));
    }

    holdersBy(right, known) {
      const all = new Set(this.givenOf.get(right)?.keys());
      for (const edge of this.into.get(right) ?? []) {
        if (edge.idle) continue;
        for (const principal of known.get(edge.source) ?? []) {
          if (all.has(principal) || this.absent.has(this.pair(principal, right))) continue;
          const { kind } = this.resources[principal];
          if (this.passes(edge, kind) && (!edge.shallow || this.isGiven(principal, edge.source))) all.add(principal);
        }
      }
      for (const principal of this.oddOf.get(right) ?? []) all.add(principal);
      return all;
    }

    isGiven(principal, right) {
      if (this.givenOf.get(right)?.has(principal)) return true;
      return this.oddTo.get(principal)?.get(right)?.some((row) => row.direct) ?? false;
    }

    /** How a principal holds what it holds. */
    chains(principal) {
      if (this.lastChains?.principal === principal) return this.lastChains.chains;
      const held = this.held(principal);
      const { kind } = this.resources[principal];
      const before = (a, b) => compare(this.rights[a].id, this.rights[b].id);
      const nodes = new Map();
      for (const [right, { direct, sources }] of held) {
        const said = [...sources].filter((source) => source !== right).sort(before);
        const passing = this.passing(right, kind);
        const from = said.filter((source) => held.has(source) && passing.has(source));
        nodes.set(right, { direct, said, from: from.map((node) => ({ node, shallow: passing.get(node) })) });
      }
      this.lastChains = { principal, chains: new bw.Chains(nodes, before) };
      return this.lastChains.chains;
    }

    /** What passes a right on to principals of a type, and whether only what was given. */
    passing(right, kind) {
      const passing = new Map();
      for (const edge of this.into.get(right) ?? []) {
        if (this.passes(edge, kind)) passing.set(edge.source, edge.shallow && (passing.get(edge.source) ?? true));
      }
      return passing;
    }

    /** The ways to a right, shortest first. */
    paths(principal, right) {
      const { chains, more, isLeast } = this.chains(principal).paths(right);
      const step = (number, leftOut) => (leftOut ? { ...this.rights[number], leftOut } : this.rights[number]);
      const paths = chains.map(({ steps, leftOut }) => steps.map((number, n) => step(number, n === 1 ? leftOut : 0)));
      return { paths, morePaths: more, ...(isLeast ? { morePathsAtLeast: true } : {}) };
    }

    /** The rows of a principal on a right it holds, without their ways. */
    rows(principal, right) {
      const { thing } = this.resources[principal];
      const usual = `${this.rights[right].id}:${thing.type}:${thing.id}`;
      const row = ({ id, direct, immutable }) => ({ number: principal, right, grantId: id ?? usual, direct, immutable });
      const odd = this.oddTo.get(principal)?.get(right);
      if (odd) return odd.map(row);
      const given = this.givenOf.get(right)?.get(principal);
      return [row({ direct: given !== undefined, immutable: given ?? true })];
    }

    async changes() {
      return this.changed;
    }

    async overview() {
      return this.isCut ? { ...this.told, note: CUT } : this.told;
    }

    /** What a resource is found by, a line each. */
    text(number) {
      const one = this.resources[number];
      if (one.text === undefined) {
        one.text = [one.thing.name, one.account?.email ?? "", one.thing.id, one.thing.environment ?? ""].join("\n").toLowerCase();
      }
      return one.text;
    }

    /** Its place among all, ordered by type, name and id. */
    placeKeys(number) {
      const { thing } = this.resources[number];
      return [thing.type, thing.name.toLowerCase(), thing.name, thing.id];
    }

    /** Its place in answers: roles that may do more come first. What the file lacks comes last. */
    rankKeys(number) {
      const [type, ...rest] = this.placeKeys(number);
      return [number < this.stored ? 0 : 1, type, this.rolePower.get(number) ?? 0, ...rest];
    }

    /** How much a reader wants to see it: people before what there is little of before what there is much of. */
    weight(number) {
      const { account, kind } = this.resources[number];
      if (account) return account.accountType === "service" || account.accountType === "system" ? 1 : 0;
      return 2 + (this.sizes.get(kind) ?? 0);
    }

    /** A name with its environment, as `billing (prod)` or `billing in prod`; else what was typed. */
    placed(typed) {
      this.environments ??= new Set(this.resources.flatMap(({ thing }) => thing.environment?.toLowerCase() ?? []));
      const found = /^(.*\S) \(([^()]+)\)$/.exec(typed) ?? /^(.*\S) in (.+)$/.exec(typed);
      return found && this.environments.has(found[2].trim()) ? { name: found[1].trim(), words: wordsOf(`${found[1]} ${found[2]}`) } : { name: typed, words: wordsOf(typed) };
    }

    async search(q, limit = 50) {
      const { name, words } = this.placed(bw.lowered(q));
      if (words.length === 0) return { total: 0, items: [] };
      const plain = bw.folded(name);
      const found = [];
      for (let n = 0; n < this.stored; n += 1) {
        const text = this.text(n);
        if (!fits(words, [text])) continue;
        found.push({ n, fit: this.fit(text, name, plain, words), weight: this.weight(n), keys: this.placeKeys(n) });
      }
      const items = this.best(found).slice(0, limit).map(({ n }) => this.hit(n));
      if (found.length) return { total: found.length, items };
      const near = [];
      for (let n = 0; n < this.stored; n += 1) {
        const distances = this.text(n).split("\n").slice(0, 2).map((line) => slip(bw.folded(line), plain)).filter((far) => far !== null);
        if (distances.length) near.push({ n, fit: Math.min(...distances), weight: this.weight(n), keys: this.placeKeys(n) });
      }
      return { total: 0, items, near: this.best(near).slice(0, 5).map(({ n }) => this.hit(n)) };
    }

    /** How well a text fits what was typed, the less the better. */
    fit(text, name, plain, words) {
      if (text.split("\n").includes(name)) return 0;
      const folded = bw.folded(text);
      const lines = folded.split("\n");
      if (lines.includes(plain)) return 1;
      return lines.some((line) => line.startsWith(plain)) ? 2 : wordsBegin(words, folded, lines) ? 3 : 4;
    }

    best(found) {
      return found.sort((a, b) => a.fit - b.fit || a.weight - b.weight || compareAll(a.keys, b.keys));
    }

    hit(n) {
      const { thing, account } = this.resources[n];
      return account ? { thing, email: account.email, accountType: account.accountType || undefined } : { thing };
    }

    row(number) {
      const { thing, account, parent, holds, profile } = this.resources[number];
      return { ...thing, ...account, parent: parent === null || parent === undefined ? undefined : this.resources[parent].thing, grants: holds, profile: profile() };
    }

    async list({ type, q, sort, offset = 0, limit = 50 }) {
      const kind = this.types.findIndex(([id]) => id === type);
      if (this.isCut && !this.sizes.has(kind)) throw new Error(CUT);
      const words = wordsOf(q);
      const found = [];
      for (let n = 0; n < this.stored; n += 1) {
        if (this.resources[n].thing.type === type && fits(words, [this.text(n)])) found.push({ n, keys: this.placeKeys(n) });
      }
      const isDown = sort?.startsWith("-");
      const key = (sort || "name").replace(/^-/, "");
      const field = (n) => {
        const { thing, account, holds } = this.resources[n];
        if (key === "grants") return holds;
        if (key === "lastLogin") return account?.lastLogin ? Date.parse(account.lastLogin) : -Infinity;
        if (key === "id") return thing.id;
        return (account && Object.hasOwn(account, key) ? account[key] : null) ?? "";
      };
      const number = (id) => (/^\d+$/.test(id) ? Number(id) : Infinity);
      const order = (a, b) => {
        if (typeof a === "number") return a === b ? 0 : a - b;
        return (key === "id" ? (number(a) === number(b) ? 0 : number(a) - number(b)) : 0) || compare(a, b);
      };
      found.sort((a, b) => compareAll(a.keys, b.keys));
      if (key === "name") isDown && found.reverse();
      else {
        for (const one of found) one.by = field(one.n);
        found.sort((a, b) => (isDown ? order(b.by, a.by) : order(a.by, b.by)));
      }
      return { total: found.length, items: found.slice(offset, offset + limit).map(({ n }) => this.row(n)) };
    }

    numberOf(type, id) {
      const number = this.known.get(`${type}\n${id}`);
      if (number !== undefined) return number;
      const error = new Error(this.isCut ? CUT : "There is no such thing in this sync.");
      throw error;
    }

    async thing(type, id) {
      const number = this.numberOf(type, id);
      const { thing, account, description, parent, profile, holds } = this.resources[number];
      const inside = [...(this.children.get(number) ?? [])].sort((a, b) => compareAll(this.placeKeys(a), this.placeKeys(b)));
      const rights = (this.rightsOn.get(number) ?? []).filter((right) => right < this.storedRights);
      return {
        thing,
        account: account ? { ...thing, ...account } : undefined,
        description: description ?? undefined,
        parent: parent === null || parent === undefined ? undefined : this.resources[parent].thing,
        profile: profile(),
        children: { total: inside.length, items: inside.slice(0, 200).map((child) => this.resources[child].thing) },
        entitlements: rights.map((right) => ({ right: this.rights[right], grants: this.grantsOf[right] ?? 0 })),
        holds,
        reaches: this.isCut ? 0 : this.reached({ type, id }).length,
        reachedBy: this.isCut ? 0 : this.reaching({ type, id }).length,
        unknown: this.unknownOf(number),
        accessIsLeftOut: this.isCut ? CUT : undefined,
      };
    }

    /** What the file does not tell about a thing or about what it reaches. */
    unknownOf(number) {
      return [...(this.entries.get(number)?.unknown ?? []), ...this.leftOut];
    }

    async access({ of, on, q, direct, offset = 0, limit = 50 }) {
      const rows = of ? this.reached(of) : this.reachingOnce(on);
      const words = wordsOf(q);
      const isFit = ({ number, right, scope, target }) => {
        if (words.length === 0) return true;
        const { id, name } = right === undefined ? { id: scope.name, name: "" } : this.rights[right];
        const other = of ? target : number;
        const isStored = other < this.stored;
        const texts = isStored ? [this.text(other), this.resources[other].thing.typeName.toLowerCase()] : [];
        return fits(words, [name.toLowerCase(), id.toLowerCase(), this.resources[number].thing.id.toLowerCase(), ...texts]);
      };
      const kept = rows.filter((row) => (!direct || row.direct) && isFit(row));
      const items = kept.slice(offset, offset + limit).map((row) => this.item(row));
      const number = this.numberOf((of ?? on).type, (of ?? on).id);
      // What is not known of an account is what it reaches; of a thing, who gets to it.
      const isAsked = Boolean(of) === (this.resources[number].account !== null);
      return { total: kept.length, items, unknown: isAsked ? this.unknownOf(number) : this.leftOut };
    }

    item({ number, right, scope, grantId, direct, immutable, reach, target }) {
      const on = scope ? scope.on : this.rightsAt[right];
      const named = scope ? { id: "", slug: "", name: scope.name, resource: this.resources[on].thing } : this.rights[right];
      const item = {
        grantId,
        principal: this.resources[number].thing,
        right: named,
        direct,
        immutable,
        ...(scope ? { paths: [[named]], morePaths: 0 } : this.paths(number, right)),
        reach: this.words[reach],
      };
      return target === on ? item : { ...item, reached: this.resources[target].thing };
    }

    /** Whether a grant of somebody counts as this way in. */
    counts(principal, right, flags) {
      return (!(flags & USERS) || this.resources[principal].account !== null) && (!(flags & DIRECT) || this.isGiven(principal, right));
    }

    scopeRow([client, name, on], target) {
      return { number: client, scope: { name, on: on ?? target }, grantId: "", direct: true, immutable: true, reach: this.words.indexOf("scope"), target };
    }

    reached({ type, id }) {
      const principal = this.numberOf(type, id);
      const held = this.held(principal);
      const rows = [...held.keys()].flatMap((right) => this.rows(principal, right).map((row) => ({ ...row, reach: 0, target: this.rightsAt[right] })));
      const [inside, granting] = ["inside", "self-granting"].map((word) => this.words.indexOf(word));
      for (const { number, doors, scopes, top } of this.tops) {
        for (const [reach, flags, right] of top === PROJECT ? doors : []) {
          const isWay = (reach === inside || reach === granting) && held.has(right) && this.counts(principal, right, flags);
          if (isWay) rows.push(...this.rows(principal, right).map((row) => ({ ...row, reach, target: number })));
        }
        rows.push(...scopes.filter(([client]) => client === principal).map((scope) => this.scopeRow(scope, number)));
      }
      const last = ({ right }) => right ?? Infinity;
      return this.inPlace(rows, (row) => [row.reach, ...this.rankKeys(row.target), ...(row.scope ? [2, "", 0, "", "", ""] : this.rankKeys(this.rightsAt[row.right])), last(row), row.scope?.name ?? row.grantId]);
    }

    /** The next page is of the same rows. */
    reachingOnce(on) {
      const key = `${on.type}\n${on.id}`;
      if (this.last?.key !== key) this.last = { key, rows: this.reaching(on) };
      return this.last.rows;
    }

    reaching({ type, id }) {
      const target = this.numberOf(type, id);
      const own = (this.rightsOn.get(target) ?? []).map((right) => [0, 0, right]);
      const { doors, scopes } = this.entries.get(target) ?? { doors: [], scopes: [] };
      const rows = [...own, ...doors].flatMap(([reach, flags, right]) =>
        [...this.holders(right)]
          .filter((principal) => this.counts(principal, right, flags))
          .flatMap((principal) => this.rows(principal, right).map((row) => ({ ...row, reach, target }))),
      );
      rows.push(...scopes.map((scope) => this.scopeRow(scope, target)));
      // People before groups and roles.
      return this.inPlace(rows, (row) => [
        row.reach, this.rightPower.get(row.right) ?? 0, this.resources[row.number].account ? 0 : 1, row.right ?? Infinity,
        ...this.rankKeys(row.number), row.scope?.name ?? row.grantId,
      ]);
    }

    /** Rows in the order of their keys. */
    inPlace(rows, keysOf) {
      const sorted = rows.map((row) => ({ row, keys: keysOf(row) }));
      sorted.sort((a, b) => compareAll(a.keys, b.keys));
      return sorted.map(({ row }) => row);
    }
  }

  const read = (id) => JSON.parse(document.getElementById(id).textContent);

  /** Answers from the page itself. */
  bw.EmbeddedSource = {
    here: () => new Embedded(read("overview-data"), read("dataset-data"), read("changes-data")),
    /** For tests: answers from given data. */
    over: (overview, data) => new Embedded(overview, data),
  };
})();
