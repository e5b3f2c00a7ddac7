"""Users and roles as djangorestframework-jsonapi serves them, from the tables of ../tables.sql."""
