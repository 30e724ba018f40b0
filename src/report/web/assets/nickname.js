// What tells apart things of one name: the environment they are in, or else their id.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;
  const PAGE = 500;
  const PAGES = 4;
  const known = new Map();

  /** Environments of the resources of a type, by id; empty for a type of thousands. */
  const environments = (source, type, signal) => {
    if (!known.has(type)) {
      const read = async () => {
        const found = new Map();
        for (let page = 0; page < PAGES; page += 1) {
          const { total, items } = await source.list({ type, offset: page * PAGE, limit: PAGE }, signal);
          if (total > PAGE * PAGES) return new Map();
          for (const { id, profile } of items) if (typeof profile?.environment === "string") found.set(id, profile.environment);
          if ((page + 1) * PAGE >= total) break;
        }
        return found;
      };
      // Names are worth a try, not a failure: without it ids tell things apart.
      known.set(type, read().catch(() => (known.delete(type), new Map())));
    }
    return known.get(type);
  };

  /** A function that gives what is to stand behind the name of one of `things`: nothing, where the name is enough. */
  bw.nicknames = async (source, things, signal) => {
    const ids = new Map();
    for (const { type, name, id } of things) {
      const key = `${type}\n${name}`;
      if (!ids.has(key)) ids.set(key, { type, ids: new Set() });
      ids.get(key).ids.add(id);
    }
    const shared = new Map([...ids].filter(([, one]) => one.ids.size > 1));
    const types = [...new Set([...shared.values()].map(({ type }) => type))];
    const found = new Map();
    for (const type of types) found.set(type, await environments(source, type, signal));
    return ({ type, name, id }) => {
      const one = shared.get(`${type}\n${name}`);
      if (!one) return null;
      const own = [...one.ids].map((other) => found.get(type).get(other));
      const isEnough = own.every(Boolean) && new Set(own).size === own.length;
      return h("span", { class: "muted" }, " (", bw.stranger(isEnough ? found.get(type).get(id) : id, 40), ")");
    };
  };
})();
