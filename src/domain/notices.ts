/** What people are told of. */
export const noticeEvents = ['heal', 'upgrade', 'maintain', 'certificate', 'version', 'backup'] as const;
export type NoticeEvent = (typeof noticeEvents)[number];

/** Something that somebody should know. It holds no secret. */
export interface Notice {
  readonly event: NoticeEvent;
  /** What it is about, so that it is told once: `heal:refused:demo-web-1-x7k2p`. It begins with the event. */
  readonly key: string;
  readonly cluster: string;
  readonly title: string;
  readonly details: readonly string[];
}

/** Something that was done, and is no state that ends: whoever could not be told is told later, although all is well by then. */
export const isDeed = ({ key }: Pick<Notice, 'key'>): boolean => key.split(':')[1] === 'acted';

/** By channel: what it was told, and when (ISO 8601). */
export type Told = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Someone who can be told. */
export interface Listener {
  readonly name: string;
  readonly events: readonly NoticeEvent[];
}

/** Forgets what is well by now, so that it is told anew when it comes again, and whoever is no listener any more. */
export function stillTold(
  told: Told,
  listeners: readonly Listener[],
  looked: readonly NoticeEvent[],
  ills: readonly Notice[],
): Told {
  const ill = new Set(ills.map(({ key }) => key));
  const isWell = (key: string): boolean => looked.some((event) => key.startsWith(`${event}:`)) && !ill.has(key);
  return Object.fromEntries(
    listeners.map(({ name }) => [
      name,
      Object.fromEntries(Object.entries(told[name] ?? {}).filter(([key]) => !isWell(key))),
    ]),
  );
}

/** What each listener has not been told yet of what it wants to hear. */
export const untold = <L extends Listener>(
  told: Told,
  listeners: readonly L[],
  ills: readonly Notice[],
): readonly { readonly listener: L; readonly notice: Notice }[] =>
  listeners.flatMap((listener) =>
    ills
      .filter(({ event, key }) => listener.events.includes(event) && told[listener.name]?.[key] === undefined)
      .map((notice) => ({ listener, notice })),
  );
