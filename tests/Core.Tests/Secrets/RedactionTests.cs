using Channels.Core.Ids;
using Channels.Core.Secrets;

namespace Channels.Core.Tests.Secrets;

public sealed class RedactionTests
{
    [Theory]
    [InlineData("""{"apikey":"S3CR"}""", """{"apikey":"***"}""")]
    [InlineData("""{"apikey" : "S3CR\"more"}""", """{"apikey" : "***"}""")]
    [InlineData("""{"Access_Token":"S3CR""", """{"Access_Token":"***" """)]
    [InlineData("""{"token":12345}""", """{"token":***}""")]
    [InlineData("""{"text":"{\"apiKey\":\"S3CR\"}"}""", """{"text":"{\"apiKey\":\"***"}"}""")]
    [InlineData("a=1&client_secret=S3CR&b=2", "a=1&client_secret=***&b=2")]
    [InlineData("""{"text":"tell nobody the token"}""", """{"text":"tell nobody the token"}""")]
    public void A_value_of_a_secret_name_is_blanked(string text, string expected) => Assert.Equal(expected.TrimEnd(), Redaction.Redact(text, []));

    [Fact]
    public void A_known_secret_is_blanked_wherever_it_stands() => Assert.Equal("x *** y", Redaction.Redact("x known-secret y", ["known-secret", "y"]));

    [Fact]
    public void The_same_key_and_moment_derive_the_same_id_and_another_tenant_another()
    {
        var (one, other) = (new TenantId(Guid.Parse("7d444840-9dc0-11d1-b245-5ffdce74fad2")), new TenantId(Guid.Parse("8d444840-9dc0-11d1-b245-5ffdce74fad2")));
        var moment = new DateTimeOffset(2026, 1, 1, 12, 0, 0, 123, TimeSpan.Zero);

        var id = DerivedId.From(one, "key", moment);

        Assert.Equal(id, DerivedId.From(one, "key", moment));
        Assert.NotEqual(id, DerivedId.From(other, "key", moment));
        Assert.NotEqual(id, DerivedId.From(one, "key2", moment));
        Assert.Equal(moment, IdSource.TimeOf(id));
        Assert.Equal(7, id.Version);
    }
}
