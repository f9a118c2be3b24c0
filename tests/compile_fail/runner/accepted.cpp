// expect: ok
int main() {}
