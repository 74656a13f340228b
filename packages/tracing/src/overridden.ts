/** An object that does some things otherwise and everything else as before, with its own state. */
export function overridden<Target extends object>(target: Target, by: Partial<Target>): Target {
  return new Proxy(target, {
    get: (_, name) => {
      const own = by[name as keyof Target];
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
