/** What a value read from JSON has by name; nothing where it is no object. */
export type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

export const isText = (value: unknown): value is string => typeof value === 'string';
