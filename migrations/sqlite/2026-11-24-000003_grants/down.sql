DROP TABLE grant_rule_targets;
DROP TABLE grant_rules;
DROP TABLE grants;
