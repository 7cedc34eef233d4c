import { fileURLToPath } from 'node:url';
import { readSource } from '../audit/index.ts';
import { ruleById } from '../rules/index.ts';
import { rulePageUri } from './diagnostics.ts';
import type { RuleExplanation } from './protocol.ts';

/** Null when there is no such rule. */
export async function explainRule(id: string): Promise<RuleExplanation | null> {
  const rule = ruleById(id);
  if (!rule) return null;
  const uri = rulePageUri(rule.id);
  const page = await readSource(fileURLToPath(uri));
  const markdown = page.ok ? page.text : `# ${rule.id}\n\n${rule.summary}\n`;
  return { rule: rule.id, summary: rule.summary, uri, markdown };
}
