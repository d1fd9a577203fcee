/** `1 step`, `3 steps`. @param many of nouns that do not only get an s */
export const plural = (n: number, noun: string, many = `${noun}s`): string => `${n} ${n === 1 ? noun : many}`;
