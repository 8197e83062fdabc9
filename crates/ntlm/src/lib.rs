//! NTLM messages ([MS-NLMP]): reading what clients send, writing what servers send.
