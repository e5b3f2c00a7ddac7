// Users and roles in react-admin: lists with search and pages, forms, and the service's errors at their fields.

import { createRoot } from 'react-dom/client';
import {
  Admin, ArrayInput, BooleanField, BooleanInput, Create, DataTable, Edit, List, PasswordInput, ReferenceArrayInput,
  Resource, SearchInput, SimpleForm, SimpleFormIterator, TextInput,
} from 'react-admin';
import { authorization, authProvider } from './auth-provider.js';
import { dataProvider } from './data-provider.js';

const service = document.querySelector('meta[name="service"]').content;
const search = [<SearchInput key="q" source="q" alwaysOn />];
const byUsername = { field: 'username', order: 'ASC' };
const byName = { field: 'name', order: 'ASC' };

const UserList = () => (
  <List filters={search} sort={byUsername}>
    <DataTable>
      <DataTable.Col source="username" />
      <DataTable.Col source="name" />
      <DataTable.Col source="surname" />
      <DataTable.Col source="email" />
      <DataTable.Col source="is_active" field={BooleanField} />
    </DataTable>
  </List>
);

const userInputs = (
  <>
    <TextInput source="username" />
    <TextInput source="name" />
    <TextInput source="surname" />
    <TextInput source="email" />
    <TextInput source="position" />
    <TextInput source="organization" />
    <BooleanInput source="is_active" defaultValue />
    <ReferenceArrayInput source="roles" reference="roles" sort={byName} perPage={100} />
  </>
);

const UserCreate = () => (
  <Create redirect="list">
    <SimpleForm>
      {userInputs}
      <PasswordInput source="password" autoComplete="new-password" />
    </SimpleForm>
  </Create>
);

// The service has the last word, so a form waits for it instead of showing at once what may be refused.
const UserEdit = () => (
  <Edit mutationMode="pessimistic">
    <SimpleForm>{userInputs}</SimpleForm>
  </Edit>
);

const RoleList = () => (
  <List filters={search} sort={byName}>
    <DataTable>
      <DataTable.Col source="name" />
      <DataTable.Col source="label" />
      <DataTable.Col source="description" />
    </DataTable>
  </List>
);

const roleInputs = (
  <>
    <TextInput source="name" />
    <TextInput source="label" />
    <TextInput source="description" multiline />
    <ArrayInput source="permissions">
      <SimpleFormIterator inline>
        <TextInput source="" label="Permission" helperText="users:read" />
      </SimpleFormIterator>
    </ArrayInput>
    <ReferenceArrayInput source="includes" reference="roles" sort={byName} perPage={100} />
  </>
);

const RoleCreate = () => <Create redirect="list"><SimpleForm>{roleInputs}</SimpleForm></Create>;
const RoleEdit = () => <Edit mutationMode="pessimistic"><SimpleForm>{roleInputs}</SimpleForm></Edit>;

createRoot(document.querySelector('#root')).render(
  <Admin
    title="Users and roles"
    authProvider={authProvider(service)}
    dataProvider={dataProvider(service, authorization)}
    disableTelemetry
    requireAuth
  >
    <Resource name="users" list={UserList} create={UserCreate} edit={UserEdit} recordRepresentation="username" />
    <Resource name="roles" list={RoleList} create={RoleCreate} edit={RoleEdit} recordRepresentation="name" />
  </Admin>,
);
