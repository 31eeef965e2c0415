import { useSyncExternalStore } from "react";

/** A value outside of React that components follow. */
export class Store<Value> {
  readonly #listeners = new Set<() => void>();
  #value: Value;

  constructor(initial: Value) {
    this.#value = initial;
  }

  get value(): Value {
    return this.#value;
  }

  set(value: Value): void {
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

/** The value now, and anew after each change; the server renders the one that it begins with. */
export function useStore<Value>(store: Store<Value>): Value {
  const read = () => store.value;
  return useSyncExternalStore(store.subscribe, read, read);
}
