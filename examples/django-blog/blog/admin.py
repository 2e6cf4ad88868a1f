from django.contrib import admin

from .models import Article, Author, Category, Comment, Tag


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    list_display = ["name", "user", "joined_on"]
    search_fields = ["name"]


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    list_display = ["title", "author", "category", "status", "published_at", "word_count"]
    list_filter = ["status", "is_featured", "category"]
    search_fields = ["title"]
    autocomplete_fields = ["author", "tags"]
    prepopulated_fields = {"slug": ["title"]}


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    list_display = ["name", "article", "is_approved", "created_at"]
    list_filter = ["is_approved"]
    raw_id_fields = ["article", "parent", "user"]


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ["name", "parent"]


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    search_fields = ["name"]
