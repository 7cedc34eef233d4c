import { defineRule } from './rule.ts';

export const accessRightsLeak = defineRule({
  id: 'access-rights-leak',
  severity: 'warning',
  dialects: ['edk2'],
  precision: [{ tree: 'EDK2 2022.11', read: 10, true: 9 }],
  summary: 'A mapping is left behind where the IOMMU could not be told the access rights.',
  cwe: 772,
  message: ({ detail }) =>
    `${detail.made} worked, and only the access rights could not be set: the mapping is there, and nobody can unmap it after this point. Unmap it before leaving`,
  related: (role) => (role === 'checked' ? 'setting the rights failed here' : 'mapped here'),
});
