/*
 * S3 answers in flat XML of a few known elements, and lists come with `encoding-type=url`: keys in them hold nothing that
 * XML would have to escape. So elements are found by their names.
 */

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const unescape = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name: string) => {
    if (name) return entities[name.toLowerCase()]!;
    const code = hex ? Number.parseInt(hex as string, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });

/** The text of every element of this name. */
export const elements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([^]*?)</${name}>`, 'g'))].map(([, text]) => text!);

/** The text of the first; undefined where there is none. */
export const element = (xml: string, name: string): string | undefined => {
  const text = elements(xml, name)[0];
  return text === undefined ? undefined : unescape(text);
};
