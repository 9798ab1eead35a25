import { setImmediate as turn } from "node:timers/promises";

/** Knows whether anything that it watches is under way, so that a fake clock does not run ahead of real work. */
export class Busy {
  #running = 0;

  /** The same object; its calls count until their promises are settled. */
  watch<Watched extends object>(watched: Watched): Watched {
    return new Proxy(watched, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, target, args);
          if (!(result instanceof Promise)) return result;
          this.#running += 1;
          const done = (): void => {
            this.#running -= 1;
          };
          result.then(done, done);
          return result;
        };
      },
    });
  }

  /** Resolves when nothing has run for a few turns of the event loop. */
  readonly settled = async (): Promise<void> => {
    for (let quiet = 0; quiet < 5;) {
      await turn();
      quiet = this.#running === 0 ? quiet + 1 : 0;
    }
  };
}
