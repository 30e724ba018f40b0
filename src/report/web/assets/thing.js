// The page of a person, a group, a role, a project.
(() => {
  "use strict";
  const bw = window.bw;
  const { h } = bw;
  const FEW = 9;

  const fact = ([label, value]) => h("div", null, h("dt", null, label), h("dd", null, value));

  const accountFacts = (account, end) =>
    account
      ? [
          account.email ? ["E-mail", bw.address(account.email, 120)] : null,
          account.accountType ? ["Kind", account.accountType === "service" ? "service account" : account.accountType] : null,
          account.status ? ["Status", account.status] : null,
          ["Last activity", account.lastLogin ? [bw.day(account.lastLogin), h("span", { class: "muted" }, ` ${bw.before(account.lastLogin, end)}`)] : "not known"],
          account.createdAt ? ["Since", bw.day(account.createdAt)] : null,
        ].filter(Boolean)
      : [];

  const fields = (profile, thing, account) => {
    const told = new Set([thing.id, thing.name, thing.environment, account?.email].filter(Boolean).map(String));
    const times = new Set([account?.lastLogin, account?.createdAt].filter(Boolean).map((at) => Date.parse(at)));
    const isTold = (value) => told.has(String(value)) || (typeof value === "string" && times.has(Date.parse(value)));
    // Ids and names of rows are often those of the vendor with something added.
    const isPart = (key, value) => (key === "id" && thing.id.startsWith(value)) || (key === "name" && thing.name.startsWith(value));
    return Object.entries(profile ?? {})
      .filter(([key, value]) => value !== null && value !== "" && !isTold(value) && !isPart(key, String(value)))
      .map(([key, value]) => [key === "id" ? "Vendor's id" : bw.label(key), bw.value(value)]);
  };

  const facts = (all, folds) => {
    if (all.length === 0) return null;
    const rest = all.slice(FEW);
    return [
      h("dl", { class: "facts" }, all.slice(0, FEW).map(fact)),
      rest.length ? folds.fold("facts", bw.count(rest.length, "more field"), () => h("dl", { class: "facts" }, rest.map(fact))) : null,
    ];
  };

  const rightsOf = (entitlements) =>
    h(
      "section",
      { class: "panel" },
      h("h2", null, "What can be given", h("span", { class: "counts" }, bw.number(entitlements.length))),
      h("ul", { class: "items" }, entitlements.map(({ right, grants }) => h("li", null, bw.stranger(bw.rightName(right), 100), h("span", { class: "muted" }, ` · ${bw.count(grants, "holder")}`)))),
    );

  const childrenOf = (children) =>
    h(
      "section",
      { class: "panel" },
      h("h2", null, "Inside", h("span", { class: "counts" }, bw.number(children.total))),
      h("ul", { class: "items" }, children.items.map((child) => h("li", null, bw.link(child, 80, false), " ", h("span", { class: "muted small" }, bw.stranger(child.typeName))))),
      children.total > children.items.length ? h("p", { class: "muted small" }, `The first ${bw.number(children.items.length)} are listed.`) : null,
    );

  /** What the file does not tell: an answer without it would claim more than it knows. */
  bw.unknown = (gaps) =>
    gaps?.length
      ? h(
          "section",
          { class: "panel unknown" },
          h("h2", null, "Not known", h("span", { class: "counts" }, bw.number(gaps.length))),
          gaps.map(({ code, message }) => h("p", null, bw.stranger(message, 600), code ? h("span", { class: "muted small" }, ` (${code})`) : null)),
        )
      : null;

  bw.thingPage = async ({ source, signal, overview, remember }, [type, id], query) => {
    const [view, answer] = await Promise.all([overview(), source.thing(type, id, signal)]);
    const { thing, account } = answer;
    const end = view.sync?.endedAt;
    const all = [
      ...accountFacts(account, end),
      thing.environment ? ["Environment", bw.stranger(thing.environment, 40)] : null,
      answer.parent ? ["In", bw.link(answer.parent, 80, false)] : null,
      ["Id", h("code", null, bw.stranger(thing.id, 80))],
      ...fields(answer.profile, thing, account),
    ].filter(Boolean);
    const entitlements = answer.entitlements ?? [];
    const sections = [];
    const waits = [];
    const part = (side, title, noun) => {
      const { node, ready } = bw.accessView({ source, side, thing, signal, noun, query, remember, everyone: new Set(view.everyone) });
      sections.push(h("section", { class: "who-what", "aria-label": title }, h("h2", null, title), node));
      waits.push(ready);
    };
    const isKept = answer.accessIsLeftOut;
    const name = thing.name.length > 60 ? "it" : bw.seen(bw.told({ ...thing, apart: undefined }));
    const unknown = answer.unknown ?? [];
    // Where every row is a grant it is called so; a scope is none.
    const granted = entitlements.reduce((sum, { grants }) => sum + grants, 0);
    const [noun, own] = [answer.reachedBy === granted ? "grant" : "way", answer.reaches === answer.holds ? "right" : "way"];
    if (!isKept && answer.reachedBy > 0) part("on", account ? `Who holds ${name}` : answer.holds > 0 ? `Who has ${name}, and how` : `Who can reach ${name}, and how`, noun);
    if (!isKept && answer.reaches > 0) part("of", account ? `What ${name} can reach, and how` : `What ${name} brings to those who have it`, own);
    const children = answer.children ?? { total: 0, items: [] };
    const isEmpty = !isKept && answer.reachedBy === 0 && answer.reaches === 0;
    const nobody = unknown.length ? "The file names nobody who can reach it, but does not tell everything." : entitlements.length ? "Nobody holds anything on it." : "Nothing can be given on it.";
    const node = h(
      "div",
      { class: "page" },
      h(
        "div",
        { class: "title" },
        h("p", { class: "eyebrow" }, h("a", { href: `#/list/${encodeURIComponent(thing.type)}` }, bw.stranger(thing.typeName, 60))),
        h("h1", null, bw.stranger(thing.name, 200), bw.aside(thing)),
        answer.description ? h("p", { class: "muted" }, bw.stranger(answer.description, 1000)) : null,
      ),
      facts(all, bw.folds({ query, key: "open", remember })),
      isKept ? h("p", { class: "note" }, bw.stranger(isKept, 600)) : null,
      isEmpty ? bw.nothing(account ? "This account holds nothing." : nobody) : null,
      sections,
      isKept ? null : bw.unknown(unknown),
      h("div", { class: "beside" }, entitlements.length > 1 ? rightsOf(entitlements) : null, children.total ? childrenOf(children) : null),
    );
    // The page appears with its answers in it, so that nothing jumps; a long one does not hold it back.
    await Promise.race([Promise.all(waits), new Promise((done) => setTimeout(done, 400))]);
    return { title: bw.told(thing), node };
  };
})();
