// expect: a message that no compiler gives
int main() {}
