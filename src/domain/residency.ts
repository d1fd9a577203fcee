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
