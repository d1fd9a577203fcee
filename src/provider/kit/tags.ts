/** Labels where a provider has only tags, which are plain words. */

type Labels = Readonly<Record<string, string>>;

const ours = 'slipway.dev/';
const short = 'slipway:';

/** `slipway.dev/cluster=demo` as `slipway:cluster=demo`: tags are short. */
export const tagOf = (key: string, value: string): string =>
  `${key.startsWith(ours) ? short + key.slice(ours.length) : key}=${value}`;

export const tagsOf = (labels: Labels): string[] => Object.entries(labels).map(([key, value]) => tagOf(key, value));

/** Tags that are no labels are somebody's own, and mean nothing here. */
export const labelsOf = (tags: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    tags.flatMap((tag) => {
      const [, key, value] = /^([^=]+)=(.*)$/.exec(tag) ?? [];
      if (key === undefined || value === undefined) return [];
      return [[key.startsWith(short) ? ours + key.slice(short.length) : key, value] as const];
    }),
  );
