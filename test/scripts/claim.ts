export const sandboxPage = 'providers/sandbox/README.md';

/** What a page claims, word by word, and the titles of the tests in a file that prove it. */
export type Claim = readonly [page: string, claim: string, file: string, ...titles: string[]];
