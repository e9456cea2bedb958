/** How the client names itself to brokers. */
export const SOFTWARE_VERSION = '0.1.0'
