export { RULES, ruleById } from './registry.ts';
export type { Finding, Precision, Rule, Severity } from './rule.ts';
