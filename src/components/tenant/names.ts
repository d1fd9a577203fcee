/** On a tenant's namespaces, by which admission knows them: the tenant's name. */
export const tenantLabel = 'slipway.dev/tenant';

/** The component with the admission policies of all tenants. */
export const tenancy = 'tenancy';
