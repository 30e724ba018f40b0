// Answers from the program that serves this page.
(() => {
  "use strict";
  const bw = window.bw;

  class Failure extends Error {
    constructor(message, hint, code) {
      super(message);
      this.hint = hint;
      this.code = code;
    }
  }

  /** Asks `api/…` beside this page. */
  bw.ServerSource = class ServerSource {
    async ask(path, params, signal) {
      const asked = Object.entries(params ?? {}).filter(([, value]) => value !== undefined && value !== "");
      const query = new URLSearchParams(asked.map(([key, value]) => [key, String(value)])).toString();
      let answer;
      try {
        answer = await fetch(`api/${path}${query ? `?${query}` : ""}`, { signal, headers: { accept: "application/json" } });
      } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new Failure("The program behind this page does not answer.", "Is `baton-workato explore` still running?");
      }
      if (answer.ok) return answer.json();
      const told = await answer.json().catch(() => ({}));
      const said = typeof told.error === "object" ? told.error : told;
      const message = said?.message ?? said?.error ?? `The answer was ${answer.status} ${answer.statusText}.`;
      throw new Failure(message, said?.hint, said?.code);
    }

    overview(signal) {
      return this.ask("overview", {}, signal);
    }

    changes(signal) {
      return this.ask("changes", {}, signal);
    }

    search(q, limit, signal) {
      return this.ask("search", { q, limit }, signal);
    }

    list({ type, q, sort, offset, limit }, signal) {
      return this.ask("list", { type, q, sort, offset, limit }, signal);
    }

    thing(type, id, signal) {
      return this.ask("thing", { type, id }, signal);
    }

    access({ of, on, q, direct, offset, limit }, signal) {
      const name = (at) => (at ? `${at.type}:${at.id}` : undefined);
      const params = { of: name(of), on: name(on), q, direct: direct ? "true" : undefined, offset, limit };
      return this.ask("access", params, signal);
    }
  };
})();
