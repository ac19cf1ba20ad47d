export { Rule, type RuleReport } from './rules.ts';
export { type Soak, type SoakResult, type SoakSettings } from './soak.ts';
