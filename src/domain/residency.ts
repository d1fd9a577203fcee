const names = new Intl.DisplayNames(['en'], { type: 'region' });

/** `Great Britain (GB)`: not everybody knows the codes. */
export function countryText(code: string): string {
  const name = code === 'GB' ? 'Great Britain' : names.of(code);
  return name === undefined || name === code ? code : `${name} (${code})`;
}

/** Locations whose country the file does not allow. A location of unknown country is outside. */
export function outsideResidency(
  locations: readonly string[],
  countryOf: (location: string) => string | undefined,
  residency: readonly string[] | undefined,
): { readonly location: string; readonly country: string | undefined }[] {
  if (!residency) return [];
  const allowed = new Set(residency.map((country) => country.toUpperCase()));
  return locations
    .map((location) => ({ location, country: countryOf(location)?.toUpperCase() }))
    .filter(({ country }) => country === undefined || !allowed.has(country));
}
