/** What a person types on a server to stop k3s there. */
export const stopCommand = 'systemctl stop k3s';
