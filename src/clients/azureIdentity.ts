/** What is used of @azure/identity: a module of its own, because the plugin brings it along as a file that only a sign-in reads. */

export { ClientAssertionCredential, ClientSecretCredential, DefaultAzureCredential } from "@azure/identity";
