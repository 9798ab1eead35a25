/** Hosts of AWS, which private networks may give private addresses. */
export const AWS_HOSTS = ["*.amazonaws.com", "*.amazonaws.com.cn"];
