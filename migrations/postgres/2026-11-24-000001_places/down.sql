DROP TABLE partner_clusters;
DROP TABLE partners;
DROP TABLE clusters;
DROP TABLE workspaces;
