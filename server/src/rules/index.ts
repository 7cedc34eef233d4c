export { RULES, ruleById } from './registry.ts';
export { directionName, type Finding, type Precision, type Rule, type Severity } from './rule.ts';
export { platformSaving, savingWords } from './saving.ts';
