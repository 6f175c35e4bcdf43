// A cupboard: stores in IndexedDB under one name, for pages and service worker alike. It knows not what is in them.
//
// A browser that refuses (private mode, no room, a database that hangs) gets a memory of the page's own: everything goes
// on working until the page closes, and isDurable() says that it is not kept. A write that does not fit is refused with
// an Error whose name is "QuotaExceededError"; what stood there stays.

const PATIENCE_MS = 3000;

const inMemory = (key) => JSON.stringify(key);

// One transaction: act gets the object store and a way to give its answer; resolves when it is on the disk.
const within = (base, store, mode, act) =>
  new Promise((resolve, reject) => {
    const transaction = base.transaction(store, mode, mode === "readwrite" ? { durability: "strict" } : {});
    let answer;
    transaction.oncomplete = () => resolve(answer);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("the database gave up"));
    act(transaction.objectStore(store), (value) => {
      answer = value;
    });
  });

/** The cupboard of this name. stores: the path of the key of each, by its name. */
export const cupboard = (called, version, stores) => {
  let opened;
  let memory = null;

  const open = () => {
    opened ??= new Promise((resolve, reject) => {
      if (!isSecureContext) throw new Error("on a shared line nothing is kept");
      const asked = indexedDB.open(called, version);
      setTimeout(reject, PATIENCE_MS, new Error("the database does not open"));
      asked.onerror = () => reject(asked.error);
      asked.onupgradeneeded = () => {
        for (const [name, keyPath] of Object.entries(stores)) asked.result.createObjectStore(name, { keyPath });
      };
      asked.onsuccess = () => {
        asked.result.onversionchange = () => asked.result.close();
        asked.result.onclose = () => {
          opened = undefined;
        };
        resolve(asked.result);
      };
    }).catch(() => {
      memory = Object.fromEntries(Object.keys(stores).map((name) => [name, new Map()]));
      return null;
    });
    return opened;
  };

  const keyIn = (store, value) => {
    const path = stores[store];
    return Array.isArray(path) ? path.map((part) => value[part]) : value[path];
  };

  /** Whether what is written outlives this page. */
  const isDurable = async () => (await open()) !== null;

  /** One value by its key, or undefined. */
  const read = async (store, key) => {
    const base = await open();
    if (!base) return memory[store].get(inMemory(key));
    return within(base, store, "readonly", (held, give) => {
      held.get(key).onsuccess = (event) => give(event.target.result);
    });
  };

  /** Every value of a store. */
  const readAll = async (store) => {
    const base = await open();
    if (!base) return [...memory[store].values()];
    return within(base, store, "readonly", (held, give) => {
      held.getAll().onsuccess = (event) => give(event.target.result);
    });
  };

  /** Reads, changes and writes in one transaction, so that two tabs cannot overwrite each other. make gets what is there
   * (or undefined) and gives what must be there; undefined changes nothing. Resolves with what is there afterwards. */
  const change = async (store, key, make) => {
    const base = await open();
    if (!base) {
      const before = memory[store].get(inMemory(key));
      const after = make(before);
      if (after !== undefined) memory[store].set(inMemory(key), after);
      return after ?? before;
    }
    return within(base, store, "readwrite", (held, give) => {
      held.get(key).onsuccess = (event) => {
        const after = make(event.target.result);
        if (after !== undefined) held.put(after);
        give(after ?? event.target.result);
      };
    });
  };

  /** Puts a value, over what stood at its key. */
  const write = (store, value) => change(store, keyIn(store, value), () => value);

  /** Takes a value away; nothing there is fine. */
  const remove = async (store, key) => {
    const base = await open();
    if (!base) return void memory[store].delete(inMemory(key));
    return within(base, store, "readwrite", (held) => {
      held.delete(key);
    });
  };

  /** Empties a store. */
  const clear = async (store) => {
    const base = await open();
    if (!base) return memory[store].clear();
    return within(base, store, "readwrite", (held) => {
      held.clear();
    });
  };

  return { isDurable, read, readAll, change, write, remove, clear };
};
